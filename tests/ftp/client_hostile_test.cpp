// Servers that do not keep to the protocol: one clear line, exit code 1, and nothing outside the
// folder.
#include "client_support.hpp"

using namespace dialtone;
using namespace ftp_test;
using nlohmann::json;

namespace {

/// A server whose answer to the request after hello is `answer`.
PlayedServer::Script after_hello(std::function<void(Talk&, const Heard&)> answer) {
  return [answer = std::move(answer)](Talk& call) {
    call.reply(call.receive().header, json::object());
    for (;;) answer(call, call.receive());
  };
}

/// The client's command against that server: one line, code 1, no file.
void fails_in_one_line(PlayedServer::Script script, const std::vector<std::string>& arguments,
                       const std::string& said) {
  const PlayedServer server(std::move(script));
  const ClientRun client;
  std::vector<std::string> all{"--timeout", "2"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const Outcome seen = client.run(server.port(), all);
  INFO(seen.out << seen.err);
  CHECK_FALSE(seen.timed_out);
  CHECK(seen.ending.exit_code == 1);
  CHECK(is_one_line(seen.err));
  CHECK(contains(seen.err, said));
  for (const std::string& name : client.all()) CHECK(contains(name, ".part"));
}

json get_fields(std::uint64_t size, const std::string& digest) {
  return {{"size", size}, {"time", 0}, {"offset", 0}, {"digest", digest}};
}

}  // namespace

TEST_CASE("a_length_that_is_none_is_told") {
  for (const std::string& prefix :
       {std::string("\xff\xff\xff\xff"), std::string(4, '\0'), std::string("\xff\xff\xff\x7f")})
    fails_in_one_line([&](Talk& call) { call.receive(), call.send_bytes(prefix), call.receive(); },
                      {"ls"}, "is not the protocol");
}

TEST_CASE("another_protocol_is_told") {
  fails_in_one_line([](Talk& call) { call.send_bytes("220 ftp ready\r\n"), call.receive(); },
                    {"ls"}, "is not the protocol");
}

TEST_CASE("a_header_that_never_ends_is_waited_for_only_so_long") {
  fails_in_one_line(
      [](Talk& call) {
        call.receive();
        call.send_bytes(std::string("\x00\x10\x00\x00", 4) + "{\"command\": \"");
        call.receive();
        call.receive();
      },
      {"ls"}, "no byte moved for 2 seconds");
}

TEST_CASE("a_reply_to_another_request_is_told") {
  fails_in_one_line(after_hello([](Talk& call, const Heard& heard) {
                      framing::Header other = heard.header;
                      other.others["id"] = 77;
                      call.reply(other, get_fields(1, xxh3("x")), "x");
                    }),
                    {"get", "a"}, "the request 77");
}

TEST_CASE("a_payload_that_is_shorter_than_was_said_is_told") {
  fails_in_one_line(after_hello([](Talk& call, const Heard& heard) {
                      framing::Header header = heard.header;
                      header.data_length = 1000;
                      header.others = get_fields(1000, xxh3("x"));
                      header.others["version"] = 2;
                      header.others["id"] = heard.header.others["id"];
                      header.others["status"] = "ok";
                      call.send_bytes(*framing::encode_head(header) + "only this");
                      throw Talk::Over{};
                    }),
                    {"get", "a"}, "9 of 1000 bytes");
}

TEST_CASE("figures_that_do_not_fit_each_other_are_told") {
  for (const json& fields :
       {get_fields(2, xxh3("x")), get_fields(1, "xxh3-128:00"), json{{"size", -1}},
        json{{"size", 1}, {"time", 0}, {"offset", 1}, {"digest", xxh3("x")}}, json::object()})
    fails_in_one_line(after_hello([fields](Talk& call, const Heard& heard) {
                        call.reply(heard.header, fields, "x");
                      }),
                      {"get", "a"}, "is not the protocol");
}

TEST_CASE("lists_that_are_none_or_have_no_end_are_told") {
  const json entry{{"file_name", "a"}, {"size", 1}, {"time", 0}};
  for (const std::string& payload :
       {std::string("{}"), std::string("[1]"), std::string("not JSON"), std::string("[{}]"),
        json::array({entry, entry}).dump(), json::array({{{"file_name", 1}}}).dump()})
    fails_in_one_line(after_hello([payload](Talk& call, const Heard& heard) {
                        call.reply(heard.header, json::object(), payload);
                      }),
                      {"ls"}, "is not the protocol");
  fails_in_one_line(after_hello([entry](Talk& call, const Heard& heard) {
                      call.reply(heard.header, {{"next", "a"}}, json::array({entry}).dump());
                    }),
                    {"ls"}, "is not the protocol");
}

TEST_CASE("a_reply_of_endless_words_is_not_read") {
  fails_in_one_line(
      [](Talk& call) {
        framing::Header header;
        header.command = call.receive().header.command;
        header.data_length = std::uint64_t{1} << 40U;
        call.send_bytes(*framing::encode_head(header, ftp::frame_limits));
        call.receive();
      },
      {"ls"}, "is not the protocol");
}

TEST_CASE("an_errors_words_cannot_command_the_terminal") {
  fails_in_one_line(after_hello([](Talk& call, const Heard& heard) {
                      call.send(ftp::error_header(heard.header.command, heard.header.others["id"],
                                                  {ftp::Error::Code::busy, "\x1b[2J\nsecond"}));
                    }),
                    {"get", "a"}, "\\x1b[2J\\x0asecond");
}

TEST_CASE("mirror_and_patterns_never_leave_the_folder") {
  const std::vector<std::string> names{"",        "..",      "../evil", "/tmp/evil-of-ftp-client",
                                       "a/b",     "n\nl",    "good",    std::string("n\0l", 3),
                                       "\x1b[2J", "\xff\xfe"};
  const auto script = after_hello([&](Talk& call, const Heard& heard) {
    if (heard.header.command == "get") {
      if (heard.header.file_name != "good") throw Talk::Over{};
      return call.reply(heard.header, get_fields(4, xxh3("good")), "good");
    }
    json entries = json::array();
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    for (const std::string& name : sorted)
      if (name != "\xff\xfe") entries.push_back({{"file_name", name}, {"size", 4}, {"time", 0}});
    call.reply(heard.header, json::object(),
               heard.header.file_type == "img" ? entries.dump() : "[]");
  });
  const ClientRun client;
  client.write("m/img/old", "old");
  const PlayedServer server(script);
  const Outcome seen = client.run(server.port(), {"mirror", "m", "--delete"});
  CHECK(seen.ending.exit_code == 1);
  CHECK_FALSE(contains(seen.err, "\x1b"));
  CHECK(contains(seen.err, "mirror img/../evil: this cannot be a file's name"));
  CHECK(contains(seen.err, "nothing was removed"));
  CHECK(client.all() == std::vector<std::string>{"m/img/good", "m/img/old"});
  CHECK_FALSE(fs::exists("/tmp/evil-of-ftp-client"));
  const Outcome got = client.run(server.port(), {"get", "img/*", "-o", "out"});
  CHECK(got.ending.exit_code == 1);
  CHECK(client.all() == std::vector<std::string>{"m/img/good", "m/img/old", "out/good"});
  CHECK_FALSE(contains(client.run(server.port(), {"ls"}).out, "\x1b"));
}

TEST_CASE("mirror_does_not_follow_a_link_out_of_its_folder") {
  const ClientRun client;
  fs::create_directories(client.path("elsewhere"));
  fs::create_directories(client.path("m"));
  fs::create_symlink("../elsewhere", client.path("m/img"));
  Files files;
  files.files = {{"img/a.png", "a"}};
  const PlayedServer server(keeper_of(files));
  const Outcome seen = client.run(server.port(), {"mirror", "m"});
  CHECK(seen.ending.exit_code == 1);
  CHECK(is_one_line(seen.err));
  CHECK(fs::is_empty(client.path("elsewhere")));
}
