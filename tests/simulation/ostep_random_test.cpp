// Python's random numbers, against values that Python 3.11 printed.
#include "practice.hpp"
#include "python_random.hpp"

namespace {

using dialtone::PythonRandom;

std::vector<double> drawn(std::int64_t seed, std::size_t count) {
  PythonRandom random(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(random.random());
  return values;
}

TEST_CASE("a_seed_gives_pythons_numbers") {
  CHECK(drawn(0, 3) == std::vector{0.8444218515250481, 0.7579544029403025, 0.420571580830845});
  CHECK(drawn(1, 3) == std::vector{0.13436424411240122, 0.8474337369372327, 0.763774618976614});
  CHECK(drawn(0, 100'000).back() == 0.9544358661322939);
}

TEST_CASE("a_seed_of_more_than_32_bits_counts_whole") {
  CHECK(drawn(std::int64_t{1} << 32U, 1).front() == 0.11299430095636409);
  CHECK(drawn((std::int64_t{1} << 62U) + 1, 1).front() == 0.6659382411023513);
}

TEST_CASE("a_negative_seed_is_its_magnitude") {
  CHECK(drawn(-7, 3) == drawn(7, 3));
  CHECK(drawn(-7, 1).front() == 0.32383276483316237);
  CHECK(drawn(INT64_MIN, 1).front() == 0.5534639983914199);
}

TEST_CASE("choices_and_shuffles_are_pythons") {
  PythonRandom random(5);
  std::vector<std::uint32_t> choices;
  for (int i = 0; i < 12; ++i) choices.push_back(random.below(10));
  CHECK(choices == std::vector<std::uint32_t>{9, 4, 5, 8, 0, 7, 3, 0, 2, 1, 5, 7});
  CHECK(random.below(1) == 0);  // takes words too
  CHECK(random.below(1) == 0);
  CHECK(random.below(1U << 31U) == 437976711);
  CHECK(random.below(1U << 31U) == 1070867289);
  std::vector<int> values{0, 1, 2, 3, 4, 5, 6, 7};
  random.shuffle(values);
  CHECK(values == std::vector{4, 6, 7, 2, 3, 1, 5, 0});
}

}  // namespace
