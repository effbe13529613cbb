// Many callers, bad callers and a failing machine: the server goes on, and everybody is told.
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>

#include "ftp_support.hpp"
#include "practice.hpp"
#include "wire.hpp"

using namespace ftp_test;
using dialtone::TemporaryFolder;
using dialtone::write_file;
using nlohmann::json;
using std::chrono::steady_clock;

namespace {

Frame list(Caller& caller) {
  return caller.ask(course_request("show_file_name_list", "", "img"));
}

/// Waits until the server holds no more descriptors than that; it is asked meanwhile, so that it is
/// known to answer.
void expect_descriptors(const ServerProcess& server, Caller& witness, std::size_t most) {
  const auto until = steady_clock::now() + patience;
  while (server.open_descriptors() > most) {
    REQUIRE(digest_fits(list(witness)));
    REQUIRE(steady_clock::now() < until);
  }
}

/// Whether a file of an upload that came to nothing is there.
bool something_is_incoming(const fs::path& root) {
  std::error_code vanished;
  const fs::recursive_directory_iterator end;
  for (fs::recursive_directory_iterator at(root / ".incoming", vanished); at != end;
       at.increment(vanished))
    if (at->is_regular_file(vanished)) return true;
  return false;
}

/// A file system of its own, unmounted at the end; nothing where mounting is not allowed.
class SmallDisk {
 public:
  explicit SmallDisk(const fs::path& where) : where_(where) {
    mounted_ = ::mount("tmpfs", where.c_str(), "tmpfs", 0, "size=256k") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool make_read_only() const {
    return ::mount("tmpfs", where_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=256k") == 0;
  }

 private:
  fs::path where_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("two_hundred_callers_list_get_and_put_at_once") {
  const std::uint64_t seed = dialtone::test_seed();
  INFO("seed " << seed);
  const TemporaryFolder root;
  fs::create_directories(root.path() / "img");
  std::vector<std::string> contents;
  for (std::size_t i = 0; i < 8; ++i) {
    contents.push_back(random_bytes(i * 20'000, seed + i));
    write_file(root.path() / "img" / (std::to_string(i) + ".png"), contents.back());
  }
  ServerProcess server(root.path());
  constexpr std::size_t callers = 200;
  std::atomic<std::size_t> right{0};
  const auto converse = [&](std::size_t number) {
    dialtone::Random draw(seed * callers + number);
    Caller caller(server.port());
    for (int step = 0; step < 6; ++step) {
      const auto choice = draw.between(0, contents.size() - 1);
      const std::string& bytes = contents[choice];
      const std::string name = std::to_string(choice) + ".png";
      switch (draw.between(0, 3)) {
        case 0:
          if (!digest_fits(list(caller))) return;
          break;
        case 1: {
          const Frame file = caller.ask(course_request("download_file", name, "img", name), name);
          if (file.payload != bytes || !digest_fits(file)) return;
          break;
        }
        case 2: {  // the same bytes anew: whoever reads meanwhile sees them whole
          const Frame told = caller.ask(course_request("upload", bytes, "img", name), bytes);
          if (!digest_fits(told) || !code_of(told).empty()) return;
          break;
        }
        default: {
          const json own = {{"file_type", "file"}, {"file_name", "of " + std::to_string(number)}};
          const Frame put = caller.ask(request_2("put", 1, own, bytes), bytes);
          const Frame get = caller.ask(request_2("get", 2, own));
          if (put.header.others.at("status") != "ok" || get.payload != bytes) return;
        }
      }
    }
    ++right;
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < callers; ++i)
    threads.emplace_back([&converse, i] {
      try {
        converse(i);
      } catch (const std::exception&) {  // it is not counted as right
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == callers);
  CHECK(server.stop() == 0);
}

TEST_CASE("slow_callers_do_not_stall_fast_ones") {
  const TemporaryFolder root;
  fs::create_directories(root.path() / "img");
  write_file(root.path() / "img" / "big.png", std::string(8 << 20U, 'b'));
  ServerProcess server(root.path(), {"--threads", "1"});
  // Twenty who do not read what they asked for, and twenty who speak a byte at a time.
  std::vector<std::unique_ptr<Caller>> readers;
  std::vector<std::unique_ptr<Caller>> writers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(std::make_unique<Caller>(server.port(), 4096));
    REQUIRE(readers.back()->send(course_request("download_file", "big.png", "img", "big.png"),
                                 "big.png"));
    writers.push_back(std::make_unique<Caller>(server.port()));
  }
  const std::string slowly =
      *framing::encode(course_request("upload", "slow", "img", "slow.png"), "slow");
  Caller fast(server.port());
  for (const char byte : slowly) {
    for (const auto& writer : writers) REQUIRE(writer->send_bytes({&byte, 1}));
    REQUIRE(digest_fits(list(fast)));
  }
  for (const auto& writer : writers) CHECK(digest_fits(writer->receive().value()));
  for (const auto& reader : readers) CHECK(reader->receive()->payload.size() == 8U << 20U);
}

TEST_CASE("resets_and_half_closes_at_every_stage_leave_nothing_behind") {
  const TemporaryFolder root;
  fs::create_directories(root.path() / "img");
  write_file(root.path() / "img" / "a.png", std::string(200'000, 'a'));
  ServerProcess server(root.path(), {"--idle", "5"});
  Caller witness(server.port());
  const std::string payload(3000, 'p');
  REQUIRE(digest_fits(witness.ask(course_request("upload", payload, "img", "b.png"), payload)));
  const std::size_t before = server.open_descriptors();
  const json target = {{"file_type", "img"}, {"file_name", "a.png"}};
  const std::vector<std::string> conversations = {
      *framing::encode(course_request("upload", payload, "img", "b.png"), payload),
      *framing::encode(course_request("download_file", "a.png", "img", "a.png"), "a.png"),
      *framing::encode(request_2("get", 1, target), "")};
  for (const std::string& bytes : conversations) {
    for (std::size_t part = 0; part <= bytes.size(); part += 1 + part / 8) {
      for (const bool reset : {false, true}) {
        Caller caller(server.port(), 4096);
        REQUIRE(caller.send_bytes(std::string_view(bytes).substr(0, part)));
        if (reset)
          caller.reset();
        else
          caller.finish_sending();
      }
    }
  }
  expect_descriptors(server, witness, before);
  CHECK(stored(root.path() / "img" / "b.png") == payload);
  // A caller may still wait to be answered, and an upload's file goes after its descriptor.
  const auto until = steady_clock::now() + patience;
  while (something_is_incoming(root.path())) REQUIRE(steady_clock::now() < until);
  CHECK(server.stop() == 0);
  CHECK_FALSE(something_is_incoming(root.path()));
}

TEST_CASE("a_full_disk_is_told_and_the_server_goes_on") {
  const TemporaryFolder root;
  const SmallDisk disk(root.path());
  if (!disk.mounted()) return;  // an ordinary user: the quota stands for it in server_test
  fs::create_directories(root.path() / "img");
  write_file(root.path() / "img" / "a.png", "a");
  ServerProcess server(root.path());
  Caller caller(server.port());
  const std::string bytes(1 << 20U, 'x');
  const Frame told = caller.ask(course_request("upload", bytes, "img", "big.png"), bytes);
  CHECK(code_of(told) == "no-space");
  CHECK(digest_fits(told));
  // One whose length is not known before.
  const json many = {{"file_type", "img"}, {"file_name", "big.png"}, {"more", true}};
  REQUIRE(caller.send(request_2("put", 1, many, bytes), bytes));
  CHECK(code_of(caller.ask(request_2("data", 1, json::object()))) == "no-space");
  CHECK(list(caller).payload == "a.png");
  CHECK(digest_fits(caller.ask(course_request("upload", "x", "img", "small.png"), "x")));
  CHECK(server.output().find("no-space") != std::string::npos);
}

TEST_CASE("a_read_only_store_is_told_and_still_read") {
  const TemporaryFolder root;
  const SmallDisk disk(root.path());
  if (!disk.mounted()) return;
  fs::create_directories(root.path() / "img");
  write_file(root.path() / "img" / "a.png", "a");
  REQUIRE(disk.make_read_only());
  ServerProcess server(root.path());
  Caller caller(server.port());
  CHECK(code_of(caller.ask(course_request("upload", "x", "img", "b.png"), "x")) == "read-only");
  CHECK(list(caller).payload == "a.png");
  CHECK(caller.ask(course_request("download_file", "a.png", "img", "a.png"), "a.png").payload ==
        "a");
  CHECK(server.output().find("read-only") != std::string::npos);
}

TEST_CASE("too_many_open_files_pass_over") {
  const TemporaryFolder root;
  fs::create_directories(root.path() / "img");
  write_file(root.path() / "img" / "a.png", "a");
  dialtone::ResourceLimits limits;
  limits.descriptors = 60;
  ServerProcess server(root.path(), {}, limits);
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < 80; ++i) callers.push_back(std::make_unique<Caller>(server.port()));
  const auto until = steady_clock::now() + patience;
  while (server.output().find("answer callers") == std::string::npos)
    REQUIRE(steady_clock::now() < until);
  // Those who were answered find no file to be opened, and are told.
  const Frame told =
      callers.front()->ask(course_request("download_file", "a.png", "img", "a.png"), "a.png");
  CHECK(code_of(told) == "busy");
  CHECK(digest_fits(told));
  Caller& last = *callers.back();
  for (std::size_t i = 0; i + 1 < callers.size(); ++i) callers[i].reset();
  CHECK(list(last).payload == "a.png");
  CHECK(last.ask(course_request("download_file", "a.png", "img", "a.png"), "a.png").payload == "a");
}

TEST_CASE("a_kill_at_any_byte_leaves_the_old_file_or_the_new") {
  const std::uint64_t seed = dialtone::test_seed();
  INFO("seed " << seed);
  dialtone::Random draw(seed);
  const TemporaryFolder root;
  fs::create_directories(root.path() / "img");
  std::string old_bytes = "old";
  write_file(root.path() / "img" / "a.png", old_bytes);
  for (std::uint64_t round = 0; round < 12; ++round) {
    const std::string new_bytes = random_bytes(100'000, seed + round);
    const std::string whole =
        *framing::encode(course_request("upload", new_bytes, "img", "a.png"), new_bytes);
    const auto part = round == 0 ? whole.size() : draw.between(0, whole.size());
    ServerProcess server(root.path());
    Caller caller(server.port());
    REQUIRE(caller.send_bytes(std::string_view(whole).substr(0, part)));
    server.signal(SIGKILL);
    const auto found = stored(root.path() / "img" / "a.png");
    REQUIRE(found);
    INFO("round " << round << ", " << part << " of " << whole.size() << " bytes sent");
    CHECK((*found == old_bytes || (part == whole.size() && *found == new_bytes)));
    old_bytes = *found;
  }
}

/// Every upload has begun before the first one ends, and all of them are stored in the end.
TEST_CASE("a_thousand_uploads_under_way_fit_in_256_mebibytes") {
  constexpr int uploads = 1000;
  constexpr std::size_t size = std::size_t{10} << 20U;
  constexpr std::size_t turn = size / 16;
  const TemporaryFolder root;
  // Where the disk is smaller, the uploads are; they are announced as they are.
  const std::uintmax_t room = fs::space(root.path()).available / 2 / uploads;
  const std::string bytes =
      random_bytes(std::min<std::uintmax_t>(size, room), dialtone::test_seed());
  ServerProcess server(root.path());
  std::vector<std::unique_ptr<Caller>> callers;
  framing::Header header = course_request("upload", bytes, "file");
  for (int i = 0; i < uploads; ++i) {
    callers.push_back(std::make_unique<Caller>(server.port()));
    header.file_name = "n" + std::to_string(i);
    REQUIRE(callers.back()->send(header));
  }
  for (std::size_t at = 0; at < bytes.size(); at += turn)
    for (const auto& caller : callers)
      REQUIRE(caller->send_bytes(std::string_view(bytes).substr(at, turn)));
  for (const auto& caller : callers) {
    const auto reply = caller->receive();
    REQUIRE(reply);
    CHECK(reply->payload.find("上传成功") != std::string::npos);
  }
  INFO(server.status("VmHWM") << " bytes, uploads of " << bytes.size());
  CHECK(server.status("VmHWM") < std::uint64_t{256} << 20U);
  CHECK(server.status("Threads") < 16);
  for (int i : {0, uploads / 2, uploads - 1})
    CHECK(stored(root.path() / "file" / ("n" + std::to_string(i))) == bytes);
}
