// The graded cases of the capstone, by milestone.
#pragma once

#include <vector>

#include "server_process.hpp"

namespace ftp_judge {

std::vector<SubjectCase> list_cases();
std::vector<SubjectCase> download_cases();
std::vector<SubjectCase> upload_cases();
std::vector<SubjectCase> survive_cases();
std::vector<SubjectCase> many_cases();

/// A payload too large to be held: a drawn block, many times.
struct LargePayload {
  std::string block;
  std::size_t times = 0;
  std::uint64_t size() const { return block.size() * times; }
};
/// Letters and figures, whose digest costs little.
LargePayload draw_large(Random& random, std::size_t mebibytes);

/// What a server's memory may grow by while it moves a large payload.
inline constexpr std::uint64_t memory_bound = std::uint64_t{16} << 20U;

/// The server's memory at its highest has grown no more than the bound.
void expect_small_growth(Input& trial, const Server& server, std::uint64_t before);

}  // namespace ftp_judge
