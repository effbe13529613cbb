// How many system calls hide behind one printf: a small child of this program is traced (ptrace)
// from its exec to its end, and its calls are counted.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "lives.hpp"

namespace process_tour {

/// Who makes a call. The loader and the C library are told apart by where the call was made.
enum class Phase { loader, library, printf, end };
inline constexpr std::size_t phases = 4;

/// How often each call was made, by its number.
using Counts = std::map<long, std::size_t>;

/// Sorts calls into phases: main begins and ends with a call of getppid, which are not counted.
class CallCounter {
 public:
  void add(long number, bool made_in_loader);
  const Counts& of(Phase phase) const { return counts_[static_cast<std::size_t>(phase)]; }
  std::size_t total() const;

 private:
  std::array<Counts, phases> counts_;
  int marks_ = 0;
};

/// "write"; "call 999" for a number that this tour has no name for.
std::string call_name(long number);

/// "12 mmap", "3 read", "1 close": the most frequent first.
std::vector<std::string> call_list(const Counts& counts);

/// How the calls of one traced child came out.
struct Traced {
  int printfs = 0;
  std::string where_to;  ///< "terminal", "pipe" or "file"
  CallCounter calls;
};

struct Calls {
  std::vector<Traced> runs;
  std::string why_not;  ///< where tracing is not permitted: one line; there are no runs then
};

Calls play_calls();
void show(const Calls& calls, Page& page);
Json to_json(const Calls& calls);

}  // namespace process_tour
