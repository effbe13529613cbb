// Practice for lab 05. Memory is numbers here, and time does not pass: each test is a short story
// of requests and what must come of them.
#include "multiprogramming.hpp"

#include <algorithm>
#include <string>

#include "practice.hpp"

namespace {

using namespace multiprogramming;
using dialtone::Random;
using dialtone::Story;

// --- telling what came ---

std::string told(Refusal refusal) {
  constexpr const char* names[] = {"size_of_zero",  "too_large",   "no_room",    "not_allocated",
                                   "known_already", "not_blocked", "nobody_runs"};
  return names[static_cast<int>(refusal)];
}

std::string told(const Region& region) {
  return "[" + std::to_string(region.address) + " +" + std::to_string(region.size) + "]";
}

std::string told(const Dispatcher::Runs& runs) {
  return runs ? "program " + std::to_string(*runs) : "nobody";
}

std::string told(const Usage& usage) {
  return "allocated " + std::to_string(usage.allocated) + ", internal " +
         std::to_string(usage.internal) + ", free " + std::to_string(usage.free) +
         ", largest hole " + std::to_string(usage.largest_hole) + ", external " +
         std::to_string(usage.external);
}

std::string told(const std::vector<Region>& regions) {
  std::string text;
  for (const Region& region : regions) text += told(region);
  return text.empty() ? "none" : text;
}

template <class T>
std::string told(const Result<T>& result) {
  return result ? told(*result) : told(result.error());
}

std::string told(const Result<void>& result) {
  return result ? "released" : told(result.error());
}

template <class T>
void expect(Story& s, const std::string& step, const T& result, const std::string& expected) {
  s.step(step);
  s.expect_equal(step, told(result), expected);
}

/// 100 bytes: programs of 10 and holes of 20, 8 and 32 between them, in this order.
VariablePartitions with_three_holes(Story& s, Fit fit) {
  VariablePartitions memory(100, fit);
  s.step("programs of 10, 20, 10, 8, 10, 32 and 10 bytes fill the memory; 20, 8 and 32 end");
  for (const Address size : {10, 20, 10, 8, 10, 32, 10})
    if (const auto placed = memory.allocate(size); !placed)
      s.fail("there is room for all", "a region", told(placed));
  for (const Address address : {10, 40, 58})
    if (const auto released = memory.release(address); !released)
      s.fail("they are released", "released", told(released));
  return memory;
}

}  // namespace

// --- 1. fixed partitions ---

TEST_CASE("a_program_gets_the_smallest_free_partition_that_it_fits") {
  Story s;
  FixedPartitions memory({32, 8, 16, 8});
  expect(s, "allocate(5)", memory.allocate(5), "[32 +8]");
  expect(s, "allocate(8): the other one of 8", memory.allocate(8), "[56 +8]");
  expect(s, "allocate(3): none of 8 is left", memory.allocate(3), "[40 +16]");
  expect(s, "allocate(17)", memory.allocate(17), "[0 +32]");
}

TEST_CASE("a_program_that_no_partition_holds_need_not_wait") {
  Story s;
  FixedPartitions memory({8, 16});
  expect(s, "allocate(0)", memory.allocate(0), "size_of_zero");
  expect(s, "allocate(17)", memory.allocate(17), "too_large");
  expect(s, "allocate(16)", memory.allocate(16), "[8 +16]");
  expect(s, "allocate(9)", memory.allocate(9), "no_room");
}

TEST_CASE("a_partition_is_released_once") {
  Story s;
  FixedPartitions memory({8, 16});
  expect(s, "release(0): nobody is there", memory.release(0), "not_allocated");
  expect(s, "allocate(8)", memory.allocate(8), "[0 +8]");
  expect(s, "release(4): no partition begins there", memory.release(4), "not_allocated");
  expect(s, "release(0)", memory.release(0), "released");
  expect(s, "release(0) again", memory.release(0), "not_allocated");
  expect(s, "allocate(8)", memory.allocate(8), "[0 +8]");
}

TEST_CASE("the_rest_of_a_partition_is_internal_fragmentation") {
  Story s;
  FixedPartitions memory({8, 16, 16});
  expect(s, "usage() of the empty memory", memory.usage(),
         "allocated 0, internal 0, free 40, largest hole 16, external 24");
  expect(s, "allocate(10)", memory.allocate(10), "[8 +16]");
  expect(s, "usage()", memory.usage(),
         "allocated 10, internal 6, free 24, largest hole 16, external 8");
}

// --- 2. variable partitions ---

TEST_CASE("each_fit_chooses_its_hole") {
  const std::pair<Fit, std::string> fits[] = {{Fit::first, "[10 +6]"},
                                              {Fit::best, "[40 +6]"},
                                              {Fit::worst, "[58 +6]"},
                                              {Fit::next, "[10 +6]"}};  // it goes round
  for (const auto& [fit, expected] : fits) {
    Story s;
    VariablePartitions memory = with_three_holes(s, fit);
    expect(s, "allocate(6) by fit " + std::to_string(static_cast<int>(fit)), memory.allocate(6),
           expected);
  }
}

TEST_CASE("next_fit_goes_on_behind_its_last_program") {
  Story s;
  VariablePartitions memory = with_three_holes(s, Fit::next);
  expect(s, "allocate(6)", memory.allocate(6), "[10 +6]");
  expect(s, "allocate(6): in the rest of the same hole", memory.allocate(6), "[16 +6]");
  expect(s, "allocate(9): the next that is large enough", memory.allocate(9), "[58 +9]");
  expect(s, "allocate(6): not back to the first hole", memory.allocate(6), "[67 +6]");
  expect(s, "allocate(8): still in the third", memory.allocate(8), "[73 +8]");
  expect(s, "allocate(9): the third", memory.allocate(9), "[81 +9]");
  expect(s, "allocate(8): round, and the second", memory.allocate(8), "[22 +8]");
}

TEST_CASE("neighbouring_holes_become_one") {
  Story s;
  VariablePartitions memory(40, Fit::first);
  for (int i = 0; i < 4; ++i)
    expect(s, "allocate(10)", memory.allocate(10), "[" + std::to_string(10 * i) + " +10]");
  expect(s, "holes()", memory.holes(), "none");
  expect(s, "release(0)", memory.release(0), "released");
  expect(s, "release(20)", memory.release(20), "released");
  expect(s, "holes()", memory.holes(), "[0 +10][20 +10]");
  expect(s, "release(10): between two holes", memory.release(10), "released");
  expect(s, "holes()", memory.holes(), "[0 +30]");
  expect(s, "release(30)", memory.release(30), "released");
  expect(s, "holes()", memory.holes(), "[0 +40]");
}

TEST_CASE("what_cannot_be_done_is_refused_and_changes_nothing") {
  Story s;
  VariablePartitions empty(8, Fit::first);
  expect(s, "release(0) of an empty memory", empty.release(0), "not_allocated");
  VariablePartitions memory = with_three_holes(s, Fit::best);
  expect(s, "allocate(0)", memory.allocate(0), "size_of_zero");
  expect(s, "allocate(101)", memory.allocate(101), "too_large");
  expect(s, "allocate(33)", memory.allocate(33), "no_room");
  expect(s, "release(10): a hole", memory.release(10), "not_allocated");
  expect(s, "release(31): within a program", memory.release(31), "not_allocated");
  expect(s, "release(100)", memory.release(100), "not_allocated");
  expect(s, "holes()", memory.holes(), "[10 +20][40 +8][58 +32]");
}

TEST_CASE("free_bytes_outside_of_the_largest_hole_are_external_fragmentation") {
  Story s;
  expect(s, "usage() of an empty memory", VariablePartitions(50, Fit::worst).usage(),
         "allocated 0, internal 0, free 50, largest hole 50, external 0");
  const VariablePartitions memory = with_three_holes(s, Fit::worst);
  expect(s, "usage()", memory.usage(),
         "allocated 40, internal 0, free 60, largest hole 32, external 28");
}

TEST_CASE("compaction_makes_one_hole_and_loses_no_byte") {
  Story s;
  s.step("compact() of an empty memory");
  s.expect_equal("nothing is moved", VariablePartitions(8, Fit::next).compact().size(),
                 std::size_t{0});

  VariablePartitions memory = with_three_holes(s, Fit::next);
  std::string bytes = "aaaaaaaaaa--------------------bbbbbbbbbb--------cccccccccc";
  bytes += std::string(32, '-') + "dddddddddd";
  s.step("compact()");
  for (const Move& move : memory.compact()) {
    s.step("move " + std::to_string(move.size) + " bytes from " + std::to_string(move.from) +
           " to " + std::to_string(move.to));
    const std::string held = bytes.substr(move.from, move.size);
    bytes.replace(move.to, move.size, held);
  }
  s.expect_equal("the programs' bytes", bytes.substr(0, 40),
                 "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd");
  expect(s, "holes()", memory.holes(), "[40 +60]");
  expect(s, "release(0)", memory.release(0), "released");
  expect(s, "allocate(5): next fit goes on in the hole behind the programs", memory.allocate(5),
         "[40 +5]");
}

TEST_CASE("programs_never_overlap_whatever_comes_and_goes") {
  const auto seed = dialtone::test_seed();
  for (const Fit fit : {Fit::first, Fit::next, Fit::best, Fit::worst}) {
    Random random(seed);
    Story s;
    s.step("random requests, seed " + std::to_string(seed));
    VariablePartitions memory(64, fit);
    std::string owners(64, '.');
    std::vector<Region> programs;
    for (int i = 0; i < 200; ++i) {
      if (!programs.empty() && random.chance(0.4)) {
        const std::size_t at = random.between(0, programs.size() - 1);
        expect(s, "release " + told(programs[at]), memory.release(programs[at].address),
               "released");
        owners.replace(programs[at].address, programs[at].size, programs[at].size, '.');
        programs.erase(programs.begin() + static_cast<std::ptrdiff_t>(at));
        continue;
      }
      const auto placed = memory.allocate(random.between(1, 12));
      if (!placed) continue;
      s.expect("the region lies in the memory and was free",
               placed->address + placed->size <= 64 &&
                   owners.find_first_not_of('.', placed->address) >=
                       std::min<std::size_t>(placed->address + placed->size, 64),
               "free bytes", told(placed) + " of " + owners);
      owners.replace(placed->address, placed->size, placed->size, '#');
      programs.push_back(*placed);
    }
  }
}

// --- 3. base and limit ---

TEST_CASE("an_address_below_the_limit_is_moved_by_the_base") {
  Story s;
  for (const auto& [address, physical] : {std::pair<Address, Address>{0, 1000}, {7, 1007}}) {
    s.step("translate({1000, 8}, " + std::to_string(address) + ")");
    const auto where = translate({1000, 8}, address);
    s.expect("it is valid", where.has_value(), "an address", "a fault");
    s.expect_equal("the physical address", *where, physical);
  }
}

TEST_CASE("an_address_from_the_limit_on_is_a_fault_that_names_both") {
  Story s;
  for (const Address address : {Address{8}, Address{9}, ~Address{0}}) {
    s.step("translate({1000, 8}, " + std::to_string(address) + ")");
    const auto where = translate({1000, 8}, address);
    s.expect("it is a fault", !where.has_value(), "a fault", "an address");
    s.expect_equal("the fault's address", where.error().address, address);
    s.expect_equal("the fault's limit", where.error().limit, Address{8});
  }
  s.step("translate({2^64 - 1, 8}, 1): the sum would wrap around");
  s.expect("it is a fault", !translate({~Address{0}, 8}, 1).has_value(), "a fault", "an address");
}

// --- 4. the dispatcher ---

TEST_CASE("a_program_that_waits_gives_the_cpu_to_the_next") {
  Story s;
  Dispatcher dispatcher;
  expect(s, "admit(1)", dispatcher.admit(1), "program 1");
  expect(s, "admit(2)", dispatcher.admit(2), "program 1");
  expect(s, "admit(3)", dispatcher.admit(3), "program 1");
  s.expect_equal("how many are in the line", dispatcher.ready(), std::size_t{2});
  expect(s, "block()", dispatcher.block(), "program 2");
  expect(s, "wake(1): at the end of the line", dispatcher.wake(1), "program 2");
  expect(s, "block()", dispatcher.block(), "program 3");
  expect(s, "finish()", dispatcher.finish(), "program 1");
  expect(s, "block()", dispatcher.block(), "nobody");
  expect(s, "wake(2): the CPU is idle", dispatcher.wake(2), "program 2");
}

TEST_CASE("who_is_unknown_or_known_already_is_refused") {
  Story s;
  Dispatcher dispatcher;
  expect(s, "wake(1): nobody knows it", dispatcher.wake(1), "not_blocked");
  expect(s, "block()", dispatcher.block(), "nobody_runs");
  expect(s, "admit(1)", dispatcher.admit(1), "program 1");
  expect(s, "admit(1)", dispatcher.admit(1), "known_already");
  expect(s, "wake(1): it runs", dispatcher.wake(1), "not_blocked");
  expect(s, "block()", dispatcher.block(), "nobody");
  expect(s, "admit(1): it is with a device", dispatcher.admit(1), "known_already");
}

TEST_CASE("a_program_that_ends_is_forgotten") {
  Story s;
  Dispatcher dispatcher;
  expect(s, "finish(): nobody runs", dispatcher.finish(), "nobody_runs");
  expect(s, "admit(1)", dispatcher.admit(1), "program 1");
  expect(s, "finish()", dispatcher.finish(), "nobody");
  expect(s, "admit(1)", dispatcher.admit(1), "program 1");
}
