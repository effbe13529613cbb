// Numbers on a circle: the judge knows the places on the line, and asks with their low 32 bits.
#include "cases.hpp"

namespace lab03 {
namespace {

constexpr std::uint64_t half = std::uint64_t{1} << 31U;

std::uint32_t low(std::int64_t place) {
  return static_cast<std::uint32_t>(place);
}

/// A number of steps below 2³¹: near 0, near the half or anywhere.
std::uint64_t draw_steps(Random& random) {
  switch (random.between(0, 2)) {
    case 0:
      return random.between(1, 10);
    case 1:
      return half - random.between(1, 10);
    default:
      return random.between(1, half - 1);
  }
}

std::uint32_t draw_number(Random& random) {
  return random.chance(0.5) ? static_cast<std::uint32_t>(random.bits())
                            : static_cast<std::uint32_t>(0xfffffff8 + random.between(0, 15));
}

void compare(Trial& trial) {
  Random& random = trial.random;
  struct Pair {
    std::uint32_t a;
    std::uint32_t b;
    bool before;
  };
  std::vector<Pair> pairs;
  if (trial.index == 0)
    pairs = {{1, 2, true},           {2, 1, false},          {7, 7, false},
             {0, 0, false},          {0xffffffff, 0, true},  {0, 0xffffffff, false},
             {0, 0x7fffffff, true},  {0, 0x80000000, false}, {0x80000000, 0, false},
             {0x7fffffff, 0, false}, {0xfffffff0, 16, true}, {0x80000001, 0, true}};
  while (pairs.size() < 16) {
    const std::uint32_t a = draw_number(random);
    const auto b = static_cast<std::uint32_t>(a + draw_steps(random));
    pairs.push_back({a, b, true});
    pairs.push_back({b, a, false});
    const auto opposite = static_cast<std::uint32_t>(a + half);
    pairs.push_back(random.chance(0.5) ? Pair{a, a, false} : Pair{a, opposite, false});
  }
  json asked = json::array();
  for (const Pair& pair : pairs) asked.push_back({pair.a, pair.b});
  trial.input(tr("before() on ", "before()，各对数：") + asked.dump());
  const Message answer = trial.student.ask({{"call", "before"}, {"pairs", asked}});
  for (std::size_t i = 0; i < pairs.size(); ++i)
    trial.expect_equal(
        "before(" + std::to_string(pairs[i].a) + ", " + std::to_string(pairs[i].b) + ")",
        answer.body.at("value").at(i).get<bool>(), pairs[i].before);
}

void unwrap(Trial& trial) {
  Random& random = trial.random;
  struct Pair {
    std::int64_t place;
    std::int64_t near;
  };
  constexpr std::int64_t round = std::int64_t{1} << 32;
  std::vector<Pair> pairs;
  if (trial.index == 1)
    pairs = {{0, 0},
             {5, 0},
             {-1, 0},
             {round, round - 1},
             {round - 1, round},
             {round / 2, 0},
             {round / 2 - 1, 0},
             {1 - round / 2, 0},
             {3 * round + 7, 3 * round - 7},
             {-round - 1, -round},
             {round + round / 2, round},
             {-round / 2, -round}};
  while (pairs.size() < 16) {
    const auto any = static_cast<std::int64_t>(random.between(0, std::uint64_t{1} << 36U));
    const std::int64_t around = static_cast<std::int64_t>(random.between(0, 6)) * round -
                                2 * round + static_cast<std::int64_t>(random.between(0, 20)) - 10;
    const std::int64_t near = random.chance(0.5) ? any : around;
    const auto steps = static_cast<std::int64_t>(draw_steps(random));
    pairs.push_back({near + steps, near});
    pairs.push_back({near - steps, near});
    if (random.chance(0.3)) pairs.push_back({near + round / 2, near});
  }
  json asked = json::array();
  for (const Pair& pair : pairs) asked.push_back({low(pair.place), pair.near});
  trial.input(tr("unwrap() on ", "unwrap()，各对数：") + asked.dump());
  const Message answer = trial.student.ask({{"call", "unwrap"}, {"pairs", asked}});
  for (std::size_t i = 0; i < pairs.size(); ++i)
    trial.expect_equal("unwrap(" + std::to_string(low(pairs[i].place)) + ", " +
                           std::to_string(pairs[i].near) + ")",
                       answer.body.at("value").at(i).get<std::int64_t>(), pairs[i].place);
}

void numbers_on_a_circle(Trial& trial) {
  if (trial.index % 2 == 0)
    compare(trial);
  else
    unwrap(trial);
}

}  // namespace

std::vector<Case> circle_cases() {
  return {{"numbers_on_a_circle", 200, numbers_on_a_circle}};
}

}  // namespace lab03
