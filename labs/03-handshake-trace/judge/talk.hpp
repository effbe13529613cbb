// Conversations that the judge makes up itself: each segment as its sender means it, on a line of
// numbers without end. What is to be said of them is counted from that, by a plain model for each
// thing that a note tells.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "cases.hpp"
#include "states.hpp"

namespace lab03 {

enum class End : std::uint8_t { client, server };

constexpr End other(End end) {
  return end == End::client ? End::server : End::client;
}
constexpr std::size_t at(End end) {
  return static_cast<std::size_t>(end);
}

/// A segment. Numbers are places on the line of their direction, where the SYN is 0 and the first
/// byte of data 1.
struct Said {
  End from = End::client;
  unsigned flags = 0;  ///< as TCP's header has them
  std::int64_t sequence = 0;
  std::int64_t acknowledgement = 0;  ///< sent even where the ACK flag is not set
  std::uint32_t length = 0;
  std::uint16_t window = 0;
  std::optional<std::uint8_t> shift{};  ///< the option to scale windows

  bool has(unsigned flag) const { return (flags & flag) != 0; }
  /// How many numbers it takes.
  std::int64_t takes() const;
  std::int64_t end() const { return sequence + takes(); }
};

namespace tcp {
inline constexpr unsigned fin = 0x01;
inline constexpr unsigned syn = 0x02;
inline constexpr unsigned rst = 0x04;
inline constexpr unsigned psh = 0x08;
inline constexpr unsigned ack = 0x10;
}  // namespace tcp

/// A conversation as it is written down: who says what next follows from what was said before.
class Talk {
 public:
  /// The absolute numbers that are 0 on the lines.
  std::array<std::uint32_t, 2> isn{};
  std::vector<Said> said;
  std::string title;  ///< what happens in it, for the story
  std::uint16_t window = 8000;

  /// The next segment of this end; with ACK it acknowledges all that the other end has said.
  Said& say(End from, unsigned flags, std::uint32_t length = 0);
  /// The same, but it acknowledges only what lies before `acknowledged`.
  Said& say_behind(End from, unsigned flags, std::uint32_t length, std::int64_t acknowledged);
  /// A segment of an end with these numbers, wherever the end is.
  Said& say_at(End from, unsigned flags, std::int64_t sequence, std::uint32_t length = 0);
  /// What was said as number `which`, once more; with ACK it acknowledges what is known by now.
  Said& repeat(std::size_t which);

  /// SYN, SYN with ACK, ACK.
  void shake_hands();

  /// The place behind all that this end has said.
  std::int64_t next(End end) const { return next_[at(end)]; }
  void go_to(End end, std::int64_t place) { next_[at(end)] = place; }

 private:
  std::array<std::int64_t, 2> next_{};
};

/// The numbers that went by in one direction, one by one.
class Passed {
 public:
  /// How many of the numbers from `from` up to and without `to` are new.
  std::int64_t add(std::int64_t from, std::int64_t to);
  bool any() const { return !seen_.empty(); }
  std::int64_t end() const { return first_ + static_cast<std::int64_t>(seen_.size()); }
  std::size_t gaps() const;

 private:
  std::int64_t first_ = 0;
  std::vector<bool> seen_;
};

/// The line's place that is 0 in relative numbers: the SYN's, or the one before the first place
/// that was seen.
class Zeros {
 public:
  void hear(const Said& segment);
  std::int64_t relative(End line, std::int64_t place) const { return place - *zero_[at(line)]; }

 private:
  std::array<std::optional<std::int64_t>, 2> zero_;
};

/// What the shim answers for a segment.
struct Told {
  std::uint64_t kind = 0;
  std::uint64_t from = 0;
  std::int64_t sequence = 0;
  std::int64_t acknowledgement = 0;
  std::uint64_t fresh = 0;
  std::uint64_t window = 0;
  std::uint64_t client = 0;
  std::uint64_t server = 0;
};

/// Has the conversation taken by the student's code, and each answer looked at by `look`, which is
/// given the segment's number.
void expect_told(Trial& trial, const Talk& talk,
                 const std::function<void(std::size_t, const Told&)>& look);

/// The segments up to this one that go into a story: the last few.
void step_to(Trial& trial, const Talk& talk, std::size_t which);

/// Fails with the story of the segments up to this one, unless the two are equal.
void expect_in(Trial& trial, const Talk& talk, std::size_t which, const std::string& what,
               const std::string& got, const std::string& expected);

/// An initial number: anywhere, or such that the line passes 2³² − 1 within the next `steps`.
std::uint32_t draw_isn(Random& random, std::uint64_t steps);

/// One from which the next 2³¹ numbers do not come to 0.
std::uint32_t draw_small_isn(Random& random);

}  // namespace lab03
