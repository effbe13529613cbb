// Fixed partitions. The oracle looks at every partition, one by one, for each question.
#include <algorithm>
#include <numeric>

#include "script.hpp"

namespace lab05 {
namespace {

/// A partition, and what the program in it has asked for.
struct Cell {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint64_t used = 0;
};

class Memory {
 public:
  explicit Memory(const std::vector<std::uint64_t>& sizes)
      : script_(title(sizes), {{"call", "fixed"}, {"sizes", sizes}}) {
    for (const std::uint64_t size : sizes) {
      cells_.push_back({total_, size, 0});
      total_ += size;
    }
  }

  void allocate(std::uint64_t size) { script_.ask({"allocate", size}, place(size)); }

  void release(std::uint64_t address) {
    json answer = refused("not_allocated");
    for (Cell& cell : cells_) {
      if (cell.address != address || cell.used == 0) continue;
      cell.used = 0;
      answer = "released";
    }
    script_.ask({"release", address}, answer);
  }

  void usage() {
    std::uint64_t allocated = 0, internal = 0, free = 0, largest = 0;
    for (const Cell& cell : cells_) {
      allocated += cell.used;
      (cell.used > 0 ? internal : free) += cell.size - cell.used;
      if (cell.used == 0 && cell.size > largest) largest = cell.size;
    }
    script_.ask({"usage"}, {{"allocated", allocated},
                            {"internal", internal},
                            {"free", free},
                            {"largest_hole", largest},
                            {"external", free - largest}});
  }

  std::vector<Cell>& cells() { return cells_; }
  std::uint64_t total() const { return total_; }
  void play(Trial& trial) const { script_.play(trial); }

 private:
  static std::string title(const std::vector<std::uint64_t>& sizes) {
    return "FixedPartitions(" + json(sizes).dump() + ")";
  }

  /// From the smallest size upwards, and for each from the lowest address.
  json place(std::uint64_t size) {
    if (size == 0) return refused("size_of_zero");
    std::uint64_t largest = 0;
    for (const Cell& cell : cells_) largest = std::max(largest, cell.size);
    if (size > largest) return refused("too_large");
    for (std::uint64_t wanted = size; wanted <= largest; ++wanted)
      for (Cell& cell : cells_)
        if (cell.size == wanted && cell.used == 0) {
          cell.used = size;
          return json::array({cell.address, cell.size});
        }
    return refused("no_room");
  }

  Script script_;
  std::vector<Cell> cells_;
  std::uint64_t total_ = 0;
};

/// Sizes that are all different, in any order.
std::vector<std::uint64_t> draw_different(Random& random, std::size_t count) {
  std::vector<std::uint64_t> sizes(count);
  std::uint64_t size = 0;
  for (auto& one : sizes) one = size += random.between(1, 12);
  for (std::size_t i = count; i > 1; --i) std::swap(sizes[i - 1], sizes[random.between(0, i - 1)]);
  return sizes;
}

void the_smallest_free_partition_is_given(Trial& trial) {
  Memory memory(draw_different(trial.random, trial.random.between(2, 9)));
  std::vector<Cell> order = memory.cells();
  const std::size_t programs = trial.random.between(1, order.size());
  for (std::size_t i = 0; i < programs; ++i) {
    std::uint64_t most = 0;
    for (const Cell& cell : memory.cells())
      if (cell.used == 0) most = std::max(most, cell.size);
    memory.allocate(trial.random.chance(0.2) ? most : trial.random.between(1, most));
  }
  memory.play(trial);
}

void of_equal_partitions_the_lowest_is_given(Trial& trial) {
  const std::uint64_t size = trial.random.between(1, 40);
  const std::size_t count = trial.random.between(2, 8);
  Memory memory(std::vector<std::uint64_t>(count, size));
  for (std::size_t i = 0; i < count; ++i) memory.allocate(trial.random.between(1, size));
  memory.play(trial);
}

void a_size_that_no_partition_holds_is_refused(Trial& trial) {
  Memory memory(draw_different(trial.random, trial.random.between(1, 6)));
  std::vector<Cell> cells = memory.cells();
  std::sort(cells.begin(), cells.end(),
            [](const Cell& a, const Cell& b) { return a.size > b.size; });
  const std::uint64_t largest = cells.front().size;
  if (trial.index % 3 == 0) memory.allocate(0);
  memory.allocate(largest + 1);
  memory.allocate(trial.index % 2 == 0 ? ~std::uint64_t{0} : memory.total() + largest);
  for (const Cell& cell : cells) {  // the largest first: from then on there is no room for its like
    memory.allocate(cell.size);
    memory.allocate(trial.random.chance(0.5) ? cell.size : largest);
  }
  memory.allocate(1);
  memory.allocate(0);
  memory.allocate(largest + trial.random.between(1, 9));
  memory.play(trial);
}

void a_partition_that_was_left_is_free_again(Trial& trial) {
  const std::uint64_t size = trial.random.between(2, 30);
  const std::size_t count = trial.random.between(2, 6);
  Memory memory(std::vector<std::uint64_t>(count, size));
  for (std::size_t i = 0; i < count; ++i) memory.allocate(size);
  for (int round = 0; round < 4; ++round) {
    const std::uint64_t address = memory.cells()[trial.random.between(0, count - 1)].address;
    if (trial.random.chance(0.5)) memory.release(address + trial.random.between(1, size - 1));
    memory.release(address);
    if (trial.random.chance(0.5)) memory.release(address);  // twice
    if (trial.random.chance(0.3)) memory.release(memory.total());
    memory.allocate(trial.random.between(1, size));
  }
  memory.play(trial);
}

void what_partitions_waste_is_counted(Trial& trial) {
  Memory memory(draw_different(trial.random, trial.random.between(1, 8)));
  memory.usage();
  std::vector<Cell> cells = memory.cells();
  std::sort(cells.begin(), cells.end(),
            [](const Cell& a, const Cell& b) { return a.size < b.size; });
  std::uint64_t below = 0;  // more than the next smaller partition, so that only one is right
  for (const Cell& cell : cells) {
    if (trial.random.chance(0.6)) memory.allocate(trial.random.between(below + 1, cell.size));
    memory.usage();
    below = cell.size;
  }
  memory.play(trial);
}

}  // namespace

std::vector<Case> fixed_cases() {
  return {
      {"the_smallest_free_partition_is_given", 150, the_smallest_free_partition_is_given},
      {"of_equal_partitions_the_lowest_is_given", 100, of_equal_partitions_the_lowest_is_given},
      {"a_size_that_no_partition_holds_is_refused", 100, a_size_that_no_partition_holds_is_refused},
      {"a_partition_that_was_left_is_free_again", 150, a_partition_that_was_left_is_free_again},
      {"what_partitions_waste_is_counted", 150, what_partitions_waste_is_counted}};
}

}  // namespace lab05
