#include "cases.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace lab06 {

int draw(Random& random, int low, int high) {
  return low + static_cast<int>(random.between(0, static_cast<std::uint64_t>(high - low)));
}

std::vector<int> shuffled(Random& random, int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  for (std::size_t i = numbers.size(); i > 1; --i)
    std::swap(numbers[i - 1], numbers[random.between(0, i - 1)]);
  return numbers;
}

std::string told_pid(int pid) {
  if (pid == -1) return tr("nobody", "没有进程");
  if (pid == -2) return tr("what is none of the processes", "不属于这些进程的东西");
  return tr("process ", "进程 ") + std::to_string(pid);
}

}  // namespace lab06

int main(int argc, char** argv) {
  std::vector<dialtone::Case> cases;
  for (auto& part :
       {lab06::queue_cases(), lab06::switch_cases(), lab06::round_robin_cases(),
        lab06::level_cases(), lab06::order_cases(), lab06::boost_cases(), lab06::run_cases()})
    std::copy(part.begin(), part.end(), std::back_inserter(cases));
  return dialtone::judge_main(argc, argv, "time-slicing", cases);
}
