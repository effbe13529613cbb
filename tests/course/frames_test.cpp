// The program frames reads what it wrote, and whatever else it is given ends in one clear line.
#include <algorithm>

#include "practice.hpp"
#include "process.hpp"
#include "random.hpp"

using namespace dialtone;
namespace fs = std::filesystem;

namespace {

Outcome frames(std::vector<std::string> arguments, const fs::path& folder,
               ResourceLimits limits = {}) {
  Command command;
  command.arguments = {DIALTONE_BUILD "/bin/frames"};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.arguments.insert(command.arguments.end(), {"--lang", "en"});
  command.directory = folder;
  command.limits = limits;
  return run(command, std::chrono::seconds(60));
}

std::string written(const fs::path& folder, const std::string& side) {
  const Outcome outcome = frames({"write", side, "--side", side}, folder);
  INFO(outcome.err);
  REQUIRE(outcome.succeeded());
  return read_file(folder / side);
}

/// Refused or cut off: exit code 1, and one line that names file and byte.
void is_one_line(const Outcome& outcome, const std::string& file) {
  INFO(outcome.err);
  CHECK(outcome.ending.signal == 0);
  CHECK(outcome.ending.exit_code == 1);
  CHECK(outcome.err.rfind("frames: " + file + ": byte ", 0) == 0);
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
}

}  // namespace

TEST_CASE("frames_reads_what_it_wrote") {
  const TemporaryFolder folder;
  for (const char* side : {"client", "server"}) {
    const std::string stream = written(folder.path(), side);
    const Outcome read = frames({"read", side}, folder.path());
    INFO(read.out << read.err);
    CHECK(read.succeeded());
    CHECK(read.out.find("download_file") != std::string::npos);
    const Outcome json = frames({"read", side, "--json"}, folder.path());
    CHECK(std::count(json.out.begin(), json.out.end(), '\n') == 4);  // three frames and the end
    CHECK(json.out.find("\"differs\"") == std::string::npos);
    CHECK(json.out.find("{\"end\":\"whole\",\"offset\":" + std::to_string(stream.size()) + "}") !=
          std::string::npos);
  }
}

TEST_CASE("a_stream_cut_off_anywhere_is_told_in_one_line") {
  const TemporaryFolder folder;
  const std::string stream = written(folder.path(), "client");
  const auto whole = frames({"read", "client", "--json"}, folder.path()).out;
  for (std::size_t size = 1; size < stream.size(); size += 13) {
    write_file(folder.path() / "cut", stream.substr(0, size));
    const Outcome outcome = frames({"read", "cut"}, folder.path());
    if (outcome.succeeded()) {
      CHECK(whole.find("\"offset\":" + std::to_string(size)) != std::string::npos);
      continue;
    }
    is_one_line(outcome, "cut");
    CHECK(outcome.err.find("byte " + std::to_string(size) + ": truncated") != std::string::npos);
  }
}

TEST_CASE("a_changed_byte_never_brings_it_down") {
  const TemporaryFolder folder;
  const std::string stream = written(folder.path(), "server");
  Random random(test_seed());
  for (int i = 0; i < 60; ++i) {
    std::string changed = stream;
    changed[random.between(0, changed.size() - 1)] = static_cast<char>(random.bits());
    write_file(folder.path() / "changed", changed);
    const Outcome outcome = frames({"read", "changed"}, folder.path());
    if (!outcome.succeeded()) is_one_line(outcome, "changed");
  }
}

TEST_CASE("a_large_payload_needs_little_memory") {
  const TemporaryFolder folder;
  const std::string header = R"({"command":"upload","data_length":100000000})";
  write_file(folder.path() / "large",
             std::string{static_cast<char>(header.size()), '\0', '\0', '\0'} + header);
  fs::resize_file(folder.path() / "large", 4 + header.size() + 100000000);  // zeros, and no disk
  ResourceLimits limits;
  limits.memory_bytes = std::uint64_t{64} << 20U;
  for (const auto& arguments :
       {std::vector<std::string>{"read", "large", "--json"}, {"digest", "large", "--salt", "x"}}) {
    const Outcome outcome = frames(arguments, folder.path(), limits);
    INFO(outcome.out << outcome.err);
    CHECK(outcome.succeeded());
  }
}
