// Base and limit. The oracle asks how much room there is above the base before it adds.
#include <algorithm>

#include "script.hpp"

namespace lab05 {
namespace {

constexpr std::uint64_t top = ~std::uint64_t{0};

void reach(Trial& trial, std::uint64_t base, std::uint64_t limit, std::uint64_t address) {
  const std::string story = "translate({" + std::to_string(base) + ", " + std::to_string(limit) +
                            "}, " + std::to_string(address) + ")";
  trial.input(story);
  trial.step(story);
  const auto answer = trial.student.ask(
      {{"call", "translate"}, {"base", base}, {"limit", limit}, {"address", address}});
  json expected = {{"error", {{"address", address}, {"limit", limit}}}};
  if (address < limit && address <= top - base) expected = {{"value", base + address}};
  trial.expect(tr("what comes of it", "结果"), answer.body == expected, expected.dump(),
               dialtone::printable(answer.body.dump(), 200));
}

std::uint64_t draw_size(Random& random) {
  return random.bits() >> random.between(1, 63);
}

void an_address_is_moved_by_the_base(Trial& trial) {
  const std::uint64_t base = trial.index == 0 ? 0 : draw_size(trial.random);
  const std::uint64_t limit = draw_size(trial.random) / 2 + 2;
  const std::uint64_t address = trial.index % 4 == 0   ? 0
                                : trial.index % 4 == 1 ? limit - 1
                                                       : trial.random.between(0, limit - 1);
  reach(trial, base, limit, address);
}

void an_address_at_the_limit_is_a_fault(Trial& trial) {
  const std::uint64_t base = draw_size(trial.random) / 2;
  const std::uint64_t limit = trial.index == 0 ? 0 : draw_size(trial.random) / 2;
  const std::uint64_t beyond = trial.random.pick<std::uint64_t>(
      {0, 0, 1, trial.random.between(1, 4096), draw_size(trial.random)});
  reach(trial, base, limit, limit + (trial.index < 2 ? 0 : beyond));
}

void an_address_never_wraps_around(Trial& trial) {
  const std::uint64_t base = top - (trial.random.bits() >> trial.random.between(8, 63));
  const std::uint64_t room = top - base;  // the largest address that still fits
  const std::uint64_t address = trial.random.pick<std::uint64_t>(
      {room, room + 1, room + trial.random.between(1, 1000), top - 1, room / 2});
  reach(trial, base, trial.random.chance(0.5) ? top : std::max(address, address + 1), address);
}

}  // namespace

std::vector<Case> bounds_cases() {
  return {{"an_address_is_moved_by_the_base", 150, an_address_is_moved_by_the_base},
          {"an_address_at_the_limit_is_a_fault", 150, an_address_at_the_limit_is_a_fault},
          {"an_address_never_wraps_around", 150, an_address_never_wraps_around}};
}

}  // namespace lab05
