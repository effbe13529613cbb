// What is measured, a report each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "demo/server_process.hpp"
#include "measure.hpp"

namespace ftp_bench {

struct Sizes {
  std::uint64_t large = std::uint64_t{1} << 30U;
  std::size_t small_files = 2000;
  std::uint64_t small_size = 4096;
  std::size_t sessions = 64;
  std::uint64_t session_size = std::uint64_t{16} << 20U;
  std::vector<std::size_t> idle = {1000, 10'000};
  std::uint64_t course = std::uint64_t{64} << 20U;
};

struct Setting {
  std::string program;           ///< the server
  std::filesystem::path folder;  ///< files go here
  std::size_t runs = 5;
  Sizes sizes;

  std::filesystem::path root() const { return folder / "root"; }
  std::filesystem::path stored(const std::string& name) const { return root() / "file" / name; }
};

/// The server in a process of its own, on a free port.
switchboard_demo::ServerProcess start_server(const Setting& setting,
                                             const std::vector<std::string>& options = {});

bench::Report large_down(const Setting& setting);
bench::Report large_up(const Setting& setting);
bench::Report many_down(const Setting& setting);
bench::Report many_up(const Setting& setting);
bench::Report small_files(const Setting& setting);
bench::Report idle_sessions(const Setting& setting);
bench::Report course_speed(const Setting& setting);
bench::Report course_answers(const Setting& setting);

/// "1 GiB", "64 KiB"
std::string size_text(std::uint64_t bytes);

}  // namespace ftp_bench
