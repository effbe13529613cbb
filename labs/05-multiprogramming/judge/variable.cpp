// Variable partitions: where programs are put, and what becomes of the places that they leave.
#include <algorithm>
#include <set>

#include "byte_map.hpp"

namespace lab05 {
namespace {

std::size_t largest_of(const std::vector<Span>& spans) {
  std::size_t largest = 0;
  for (const Span& span : spans) largest = std::max(largest, span.size);
  return largest;
}

void what_is_left_of_a_hole_stays_a_hole(Trial& trial) {
  const Fit fit = draw_fit(trial.random);
  // One hole, so that no rule needs to choose.
  std::vector<std::size_t> sizes(trial.random.between(1, 6));
  for (auto& size : sizes) size = trial.random.between(2, 30);
  std::vector<bool> ends(sizes.size(), false);
  if (trial.index % 4 != 0) ends[trial.random.between(0, sizes.size() - 1)] = true;
  ByteMap memory = with_holes(fit, sizes, ends);
  memory.look_at_holes();
  while (!memory.holes().empty()) {
    const std::size_t left = memory.holes().front().size;
    memory.allocate(trial.random.chance(0.3) ? left : trial.random.between(1, left));
    memory.look_at_holes();
  }
  memory.play(trial);
}

void first_fit_takes_the_lowest_hole(Trial& trial) {
  ByteMap memory = draw_with_holes(trial.random, Fit::first);
  while (!memory.holes().empty())
    memory.allocate(trial.random.between(1, largest_of(memory.holes())));
  memory.play(trial);
}

/// Programs with holes between them whose sizes are all different, and one more program.
void one_program_among_different_holes(Trial& trial, Fit fit) {
  std::vector<std::size_t> holes(trial.random.between(2, 8));
  std::size_t size = 0;
  for (auto& hole : holes) hole = size += trial.random.between(1, 6);
  for (std::size_t i = holes.size(); i > 1; --i)
    std::swap(holes[i - 1], holes[trial.random.between(0, i - 1)]);
  std::vector<std::size_t> sizes;
  std::vector<bool> ends;
  for (const std::size_t hole : holes) {
    sizes.insert(sizes.end(), {trial.random.between(1, 5), hole});
    ends.insert(ends.end(), {false, true});
  }
  ByteMap memory = with_holes(fit, sizes, ends);
  memory.allocate(trial.random.chance(0.2) ? trial.random.pick(holes)
                                           : trial.random.between(1, size));
  memory.play(trial);
}

void best_fit_takes_the_smallest_hole(Trial& trial) {
  one_program_among_different_holes(trial, Fit::best);
}

void worst_fit_takes_the_largest_hole(Trial& trial) {
  one_program_among_different_holes(trial, Fit::worst);
}

void of_equal_holes_the_lowest_is_taken(Trial& trial) {
  const Fit fit = trial.index % 2 == 0 ? Fit::best : Fit::worst;
  const std::size_t hole = trial.random.between(2, 20);
  const std::size_t count = trial.random.between(2, 7);
  std::vector<std::size_t> sizes;
  std::vector<bool> ends;
  for (std::size_t i = 0; i < count; ++i) {
    sizes.insert(sizes.end(), {trial.random.between(1, 9), hole});
    ends.insert(ends.end(), {false, true});
  }
  ByteMap memory = with_holes(fit, sizes, ends);
  for (std::size_t i = 0; i < count; ++i) memory.allocate(hole);
  memory.play(trial);
}

void next_fit_goes_on_where_it_ended(Trial& trial) {
  ByteMap memory = draw_with_holes(trial.random, Fit::next);
  while (!memory.holes().empty()) {
    const std::size_t largest = largest_of(memory.holes());
    memory.allocate(trial.random.between(1, std::max<std::size_t>(1, largest / 2)));
  }
  memory.play(trial);
}

void next_fit_begins_a_grown_hole_at_its_beginning(Trial& trial) {
  // The last allocation ends inside of what becomes one hole when the program goes away again.
  ByteMap memory = draw_with_holes(trial.random, Fit::next);
  for (int round = 0; round < 5 && !memory.holes().empty(); ++round) {
    const auto at = memory.allocate(trial.random.between(1, largest_of(memory.holes())));
    if (trial.random.chance(0.7)) memory.release(*at);
    if (memory.holes().empty()) break;
    memory.allocate(trial.random.between(1, std::max<std::size_t>(1, largest_of(memory.holes()))));
    if (trial.random.chance(0.5)) memory.release(trial.random.pick(memory.programs()).address);
  }
  memory.play(trial);
}

void neighbouring_holes_become_one(Trial& trial) {
  const std::size_t count = trial.random.between(2, 12);
  std::vector<std::size_t> sizes(count);
  for (auto& size : sizes) size = trial.random.between(1, 9);
  ByteMap memory =
      with_holes(draw_fit(trial.random), sizes, std::vector<bool>(sizes.size(), false));
  while (!memory.programs().empty()) {
    memory.release(trial.random.pick(memory.programs()).address);
    memory.look_at_holes();
  }
  memory.allocate(memory.size());
  memory.play(trial);
}

void what_does_not_fit_is_refused(Trial& trial) {
  ByteMap memory = draw_with_holes(trial.random, draw_fit(trial.random));
  const std::vector<std::uint64_t> sizes = {0, memory.size() + 1, ~std::uint64_t{0}, memory.size(),
                                            largest_of(memory.holes()) + 1};
  for (int i = 0; i < 6; ++i)
    memory.allocate(trial.index < sizes.size() ? sizes[trial.index] : trial.random.pick(sizes));
  memory.look_at_holes();
  memory.play(trial);
}

void only_what_begins_there_is_released(Trial& trial) {
  ByteMap memory = draw_with_holes(trial.random, draw_fit(trial.random));
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t address = trial.random.between(0, memory.size() + 2);
    bool begins = false;
    for (const Span& program : memory.programs()) begins = begins || program.address == address;
    if (!begins) memory.release(address);
  }
  memory.look_at_holes();
  memory.play(trial);
}

void fragmentation_is_counted(Trial& trial) {
  ByteMap memory = draw_with_holes(trial.random, Fit::first);
  memory.look_at_usage();
  while (!memory.holes().empty()) {
    memory.allocate(trial.random.between(1, largest_of(memory.holes())));
    memory.look_at_usage();
  }
  memory.play(trial);
}

}  // namespace

std::vector<Case> variable_cases() {
  return {{"what_is_left_of_a_hole_stays_a_hole", 150, what_is_left_of_a_hole_stays_a_hole},
          {"first_fit_takes_the_lowest_hole", 150, first_fit_takes_the_lowest_hole},
          {"best_fit_takes_the_smallest_hole", 200, best_fit_takes_the_smallest_hole},
          {"worst_fit_takes_the_largest_hole", 200, worst_fit_takes_the_largest_hole},
          {"of_equal_holes_the_lowest_is_taken", 100, of_equal_holes_the_lowest_is_taken},
          {"next_fit_goes_on_where_it_ended", 150, next_fit_goes_on_where_it_ended},
          {"next_fit_begins_a_grown_hole_at_its_beginning", 150,
           next_fit_begins_a_grown_hole_at_its_beginning},
          {"neighbouring_holes_become_one", 150, neighbouring_holes_become_one},
          {"what_does_not_fit_is_refused", 150, what_does_not_fit_is_refused},
          {"only_what_begins_there_is_released", 150, only_what_begins_there_is_released},
          {"fragmentation_is_counted", 150, fragmentation_is_counted}};
}

}  // namespace lab05
