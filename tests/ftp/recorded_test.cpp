// Conversations of the course's own client and server, recorded byte by byte (record.py): each side
// played to ours, whose answers say the same.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "ftp_support.hpp"
#include "practice.hpp"
#include "wire.hpp"

using namespace ftp_test;
using dialtone::FileDescriptor;
using dialtone::TemporaryFolder;
using dialtone::write_file;
using nlohmann::json;

namespace {

std::string from_base64(const std::string& text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6U | static_cast<std::uint32_t>(alphabet.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
    }
  }
  return bytes;
}

json recording() {
  return json::parse(dialtone::read_file(DIALTONE_ROOT "/tests/ftp/recorded.json"));
}

Frame frame_of(std::string_view bytes) {
  framing::Decoder decoder(ftp::frame_limits);
  Frame frame;
  auto rest = std::as_bytes(std::span(bytes));
  for (;;) {
    const auto event = decoder.next(rest);
    REQUIRE(event);
    if (event->kind == framing::Event::Kind::payload)
      frame.payload.append(reinterpret_cast<const char*>(event->piece.data()), event->piece.size());
    if (event->kind == framing::Event::Kind::end) break;
    REQUIRE(event->kind != framing::Event::Kind::need_more);
  }
  REQUIRE(rest.empty());
  frame.header = decoder.header();
  return frame;
}

/// A header's values but for those that are drawn anew each time.
json values(framing::Header header) {
  header.salt.reset();
  header.encrypted.reset();
  header.others.erase("file_path");
  return json::parse(framing::header_text(header).value());
}

std::vector<std::string> sorted_names(const std::string& joined) {
  std::vector<std::string> names;
  std::istringstream text(joined);
  for (std::string name; std::getline(text, name, ',');) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

/// The course's reply to an upload names a path of its server; ours only what lies in the store.
std::string without_server_path(std::string words) {
  constexpr std::string_view path = "/tmp/course/server_data/";
  const auto at = words.find(path);
  if (at != std::string::npos) words.erase(at, path.size());
  return words;
}

}  // namespace

TEST_CASE("our_server_answers_as_the_courses_server_did") {
  const json recorded = recording();
  const TemporaryFolder root;
  fs::create_directories(root.path() / "img");
  for (const auto& [name, bytes] : recorded.at("files").items())
    write_file(root.path() / "img" / name, from_base64(bytes));
  ServerProcess server(root.path());
  Caller caller(server.port());
  REQUIRE(recorded.at("turns").size() == 17);
  for (const json& turn : recorded.at("turns")) {
    REQUIRE(caller.send_bytes(from_base64(turn.at("client"))));
    const auto got = caller.receive();
    REQUIRE(got);
    Frame expected = frame_of(from_base64(turn.at("server")));
    INFO(expected.header.command);
    CHECK(digest_fits(*got));
    if (expected.header.command == "show_file_name_list") {  // the course's order is any
      CHECK(sorted_names(got->payload) == sorted_names(expected.payload));
    } else {
      expected.payload = without_server_path(expected.payload);
      expected.header.data_length = expected.payload.size();
      CHECK(got->payload == expected.payload);
    }
    CHECK(values(got->header) == values(expected.header));
  }
  for (const auto& [name, bytes] : recorded.at("uploads").items()) {
    const fs::path folder = name.find(".mp4") == std::string::npos ? "img" : "video";
    CHECK(stored(root.path() / folder / name) == from_base64(bytes));
  }
}

TEST_CASE("our_client_asks_as_the_courses_client_did") {
  const json recorded = recording();
  const TemporaryFolder folder;
  for (const auto& [name, bytes] : recorded.at("uploads").items())
    write_file(folder.path() / name, from_base64(bytes));
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);

  // The course's server, from the record: it hears a request, and gives the recorded reply.
  std::vector<Frame> heard;
  std::thread server([&] {
    Caller caller(FileDescriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    for (const json& turn : recorded.at("turns")) {
      auto request = caller.receive();
      if (!request) return;
      heard.push_back(*std::move(request));
      if (!caller.send_bytes(from_base64(turn.at("server")))) return;
    }
    caller.receive();  // until it hangs up
  });

  std::string typed;
  for (std::size_t i = 0; i < recorded.at("order").size(); ++i)
    typed += "1\nimg\n000" + std::to_string(i) + "\nkept\nk" + std::to_string(i) + "\n";
  for (const auto& [name, bytes] : recorded.at("uploads").items())
    typed += "2\nupload " + name + "\n";
  write_file(folder.path() / "typed", typed + "q\n");
  const FileDescriptor input(::open((folder.path() / "typed").c_str(), O_RDONLY | O_CLOEXEC));
  dialtone::Command command;
  command.arguments = {DIALTONE_BUILD "/bin/ftp-client", "--port",
                       std::to_string(ntohs(address.sin_port))};
  command.directory = folder.path();
  command.descriptors = {{0, input.get()}};
  const dialtone::Outcome outcome = dialtone::run(command, patience);
  ::shutdown(listener.get(), SHUT_RDWR);  // where the client never called
  server.join();
  INFO(outcome.out << outcome.err);
  CHECK(outcome.succeeded());
  REQUIRE(heard.size() == recorded.at("turns").size());
  std::vector<json> uploads_heard;
  std::vector<json> uploads_expected;
  for (std::size_t i = 0; i < heard.size(); ++i) {
    const Frame expected = frame_of(from_base64(recorded.at("turns")[i].at("client")));
    INFO(i << ": " << expected.header.command);
    CHECK(digest_fits(heard[i]));
    if (expected.header.command == "upload") {  // in the record's own order
      uploads_heard.push_back({values(heard[i].header), heard[i].payload.size()});
      uploads_expected.push_back({values(expected.header), expected.payload.size()});
      continue;
    }
    CHECK(values(heard[i].header) == values(expected.header));
    CHECK(heard[i].payload == expected.payload);
  }
  std::sort(uploads_heard.begin(), uploads_heard.end());
  std::sort(uploads_expected.begin(), uploads_expected.end());
  CHECK(uploads_heard == uploads_expected);
  const auto& order = recorded.at("order");
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string name = order[i].get<std::string>();
    CHECK(stored(folder.path() / "kept" /
                 ("k" + std::to_string(i) + fs::path(name).extension().string())) ==
          from_base64(recorded.at("files").at(name)));
  }
}
