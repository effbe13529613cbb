// The course's own Python program, run unchanged but for its port, beside ours. Its text is not
// part of the project: without it there is nothing to do here, and the recorded conversations of
// recorded_test are the guarantee.
#include <fcntl.h>
#include <sys/socket.h>

#include <csignal>

#include "ftp_support.hpp"
#include "practice.hpp"

using namespace ftp_test;
using dialtone::Command;
using dialtone::Outcome;
using dialtone::TemporaryFolder;
using dialtone::write_file;

namespace {

bool course_is_here() {
  return fs::exists(DIALTONE_COURSE_NOTES);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The program as main.py in a folder; `change` may mend one of its faults.
void write_program(const fs::path& folder, std::uint16_t port, std::string_view from = {},
                   std::string_view to = {}) {
  const std::string notes = dialtone::read_file(DIALTONE_COURSE_NOTES);
  constexpr std::string_view begin = "```python\n";
  const auto start = notes.find(begin, notes.find("# 7 FTP"));
  REQUIRE(start != std::string::npos);
  const auto end = notes.find("\n```\n", start);
  std::string program = notes.substr(start + begin.size(), end - start - begin.size());
  program = replaced(std::move(program), "PORT = 8002", "PORT = " + std::to_string(port));
  if (!from.empty()) program = replaced(std::move(program), from, to);
  write_file(folder / "main.py", program);
}

/// Runs the course's client with these lines typed.
Outcome type_into_client(const fs::path& folder, const std::string& lines) {
  write_file(folder / "typed", lines);
  const dialtone::FileDescriptor typed(::open((folder / "typed").c_str(), O_RDONLY | O_CLOEXEC));
  Command command;
  command.arguments = {"python3", "-X", "utf8", "-c", "from main import Client; Client().main()"};
  command.directory = folder;
  command.descriptors = {{0, typed.get()}};
  return dialtone::run(command, 4 * patience);
}

using Files = std::vector<std::pair<std::string, std::string>>;

/// Downloads these files, which sort by name as they stand, with the course's client.
void download_all(const Files& files) {
  const TemporaryFolder root;
  const TemporaryFolder client;
  fs::create_directories(root.path() / "img");
  for (const auto& [name, bytes] : files) write_file(root.path() / "img" / name, bytes);
  ServerProcess server(root.path());
  write_program(client.path(), server.port());
  std::string typed;
  for (std::size_t i = 0; i < files.size(); ++i)
    typed += "1\nimg\n000" + std::to_string(i) + "\n" + (client.path() / "kept").string() + "\n" +
             std::to_string(i) + "\n";
  const Outcome outcome = type_into_client(client.path(), typed + "q\n");
  INFO(outcome.out << outcome.err);
  CHECK(outcome.succeeded());
  for (std::size_t i = 0; i < files.size(); ++i) {
    INFO(files[i].first);
    const std::string extension = fs::path(files[i].first).extension().string();
    CHECK(stored(client.path() / "kept" / (std::to_string(i) + extension)) == files[i].second);
  }
}

}  // namespace

TEST_CASE("the_courses_client_downloads_from_our_server") {
  if (!course_is_here()) return;
  const std::uint64_t seed = dialtone::test_seed();
  INFO("seed " << seed);
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  const Files files = {{"0 empty.png", ""},
                       {"1 one.png", "x"},
                       {"2 1023.png", random_bytes(1023, seed)},
                       {"3 1024.png", random_bytes(1024, seed)},
                       {"4 1025.png", random_bytes(1025, seed)},
                       {"5 all '256'.png", all_bytes},
                       {"6 完美世界 \"清漪\" 图.jpg", random_bytes(70'000, seed)}};
  download_all(files);
}

TEST_CASE("the_courses_client_downloads_ten_mebibytes") {  // and copies them for every kilobyte
  if (!course_is_here()) return;
  download_all({{"big.png", random_bytes(std::size_t{10} << 20U, dialtone::test_seed())}});
}

TEST_CASE("the_courses_client_uploads_to_our_server") {
  if (!course_is_here()) return;
  const std::uint64_t seed = dialtone::test_seed();
  INFO("seed " << seed);
  const TemporaryFolder root;
  const TemporaryFolder client;
  ServerProcess server(root.path());
  write_program(client.path(), server.port());
  std::string typed;
  std::vector<std::pair<std::string, std::string>> files;  // its command knows no spaces
  for (const std::size_t size : {0U, 1U, 1023U, 1024U, 1025U, 100'000U})
    files.emplace_back("自愿'上班\"," + std::to_string(size) + ".jpeg", random_bytes(size, seed));
  for (const auto& [name, bytes] : files) {
    write_file(client.path() / name, bytes);
    typed += "2\nupload " + (client.path() / name).string() + "\n";
  }
  const Outcome outcome = type_into_client(client.path(), typed + "q\n");
  INFO(outcome.out << outcome.err);
  CHECK(outcome.succeeded());
  for (const auto& [name, bytes] : files) {
    INFO(name);
    CHECK(stored(root.path() / "img" / name) == bytes);
    CHECK(outcome.out.find("上传成功!保存至 :>>>> img/" + name + "!") != std::string::npos);
  }
}

TEST_CASE("the_courses_client_shows_our_errors") {
  if (!course_is_here()) return;
  const TemporaryFolder root;
  const TemporaryFolder client;
  ServerProcess server(root.path());
  write_program(client.path(), server.port());
  write_file(client.path() / "a.png", "x");
  const std::string file = (client.path() / "a.png").string();
  const Outcome outcome = type_into_client(client.path(), "2\nfetch " + file + "\nq\n");
  INFO(outcome.out << outcome.err);
  CHECK(outcome.succeeded());
  CHECK(outcome.out.find("fetch is not exist") != std::string::npos);
}

TEST_CASE("a_large_upload_fails_by_the_courses_own_short_send") {
  if (!course_is_here()) return;
  const TemporaryFolder root;
  const TemporaryFolder client;
  ServerProcess server(root.path());
  const std::string bytes = random_bytes(std::size_t{64} << 20U, dialtone::test_seed());
  write_file(client.path() / "big.png", bytes);
  const std::string typed = "2\nupload " + (client.path() / "big.png").string() + "\nq\n";

  // socket.send with a timeout takes what there is room for, and the program does not look.
  write_program(client.path(), server.port());
  const Outcome as_it_is = type_into_client(client.path(), typed);
  CHECK_FALSE(as_it_is.succeeded());
  CHECK(as_it_is.err.find("timed out") != std::string::npos);
  CHECK_FALSE(stored(root.path() / "img" / "big.png"));

  // With that one word mended, the same upload succeeds.
  write_program(client.path(), server.port(), "conn.send(total_data)", "conn.sendall(total_data)");
  const Outcome mended = type_into_client(client.path(), typed);
  INFO(mended.out << mended.err);
  CHECK(mended.succeeded());
  CHECK(stored(root.path() / "img" / "big.png") == bytes);
}
