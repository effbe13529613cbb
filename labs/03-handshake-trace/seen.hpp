// Which numbers of an endless line have gone by: given, for lab 03's conversations.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace handshake_trace {

/// The numbers from the first that was seen up to the highest, without the gaps between them. It
/// remembers the 8 highest gaps; the numbers of a gap that is forgotten count as seen. (What
/// reorders or loses more than that at a time is no line to trace a handshake on.)
class Seen {
 public:
  /// Sees the numbers from `from` up to and without `to`; how many of them are new. What lies
  /// before the first number ever seen is new, and is not remembered.
  std::int64_t add(std::int64_t from, std::int64_t to) {
    if (from >= to) return 0;
    if (!any_) {
      any_ = true;
      first_ = from;
      end_ = to;
      return to - from;
    }
    std::int64_t fresh = 0;
    if (from < first_) {
      fresh = std::min(to, first_) - from;
      from = first_;
    }
    if (gap_count_ > 0) fresh += fill(from, to);
    if (to > end_) {
      if (from > end_) open({end_, from});
      fresh += to - std::max(from, end_);
      end_ = to;
    }
    return fresh;
  }

  bool any() const { return any_; }

  /// One behind the highest number seen; 0 where there is none.
  std::int64_t end() const { return end_; }

 private:
  struct Gap {
    std::int64_t from = 0;
    std::int64_t to = 0;
  };

  /// A gap above all others; the lowest one makes room.
  void open(Gap gap) {
    if (gap_count_ == gaps_.size()) remove(0);
    gaps_[gap_count_++] = gap;
  }

  void remove(std::size_t at) {
    for (std::size_t i = at + 1; i < gap_count_; ++i) gaps_[i - 1] = gaps_[i];
    --gap_count_;
  }

  /// Takes the numbers out of the gaps; how many of them lay in one.
  std::int64_t fill(std::int64_t from, std::int64_t to) {
    std::int64_t filled = 0;
    for (std::size_t i = 0; i < gap_count_;) {
      const Gap gap = gaps_[i];
      const std::int64_t low = std::max(from, gap.from);
      const std::int64_t high = std::min(to, gap.to);
      if (low >= high) {
        ++i;
        continue;
      }
      filled += high - low;
      if (low == gap.from && high == gap.to) {
        remove(i);
      } else if (low == gap.from) {
        gaps_[i++].from = high;
      } else if (high == gap.to) {
        gaps_[i++].to = low;
      } else {
        split(i, low, high);
        i += 2;
      }
    }
    return filled;
  }

  /// Two gaps in the place of one whose middle was filled.
  void split(std::size_t at, std::int64_t low, std::int64_t high) {
    const Gap gap = gaps_[at];
    if (gap_count_ == gaps_.size()) {
      gaps_[at].from = high;  // its lower half is forgotten
      return;
    }
    for (std::size_t i = gap_count_; i > at + 1; --i) gaps_[i] = gaps_[i - 1];
    gaps_[at] = {gap.from, low};
    gaps_[at + 1] = {high, gap.to};
    ++gap_count_;
  }

  bool any_ = false;
  std::int64_t first_ = 0;
  std::int64_t end_ = 0;
  std::array<Gap, 8> gaps_{};
  std::size_t gap_count_ = 0;
};

}  // namespace handshake_trace
