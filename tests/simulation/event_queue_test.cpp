// The order of simultaneous events, and that a steady state allocates nothing.
#include "simulation/event_queue.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <vector>

#include "every_policy.hpp"
#include "practice.hpp"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

using simulation::EventQueue;
using simulation::Time;

TEST_CASE("events_come_by_time_then_rank_then_in_the_order_of_their_planning") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 200; ++round) {
    struct Planned {
      Time time;
      std::uint8_t rank;
      int number;
    };
    EventQueue<int> queue;
    std::vector<Planned> pending;
    int number = 0;
    for (int step = 0; step < 300; ++step) {
      if (pending.empty() || random.chance(0.55)) {
        const Planned planned{static_cast<Time>(random.between(0, 9)),
                              static_cast<std::uint8_t>(random.between(0, 3)), number++};
        pending.push_back(planned);
        queue.push(planned.time, planned.rank, planned.number);
        continue;
      }
      const auto next =
          std::min_element(pending.begin(), pending.end(), [](const Planned& a, const Planned& b) {
            if (a.time != b.time) return a.time < b.time;
            return a.rank != b.rank ? a.rank < b.rank : a.number < b.number;
          });
      REQUIRE(queue.size() == pending.size());
      REQUIRE(queue.top().time == next->time);
      const auto event = queue.take();
      CHECK(event.time == next->time);
      CHECK(event.rank() == next->rank);
      CHECK(event.payload == next->number);
      pending.erase(next);
    }
  }
}

TEST_CASE("a_steady_state_allocates_nothing") {
  dialtone::Random random(dialtone::test_seed());
  EventQueue<int> queue;
  for (int i = 0; i < 1000; ++i) queue.push(static_cast<Time>(random.between(0, 1000)), 0, i);
  queue.push(0, 0, 0);
  queue.take();
  const std::size_t before = allocations;
  for (int i = 0; i < 100'000; ++i) {
    const auto event = queue.take();
    queue.push(event.time + static_cast<Time>(random.between(0, 1000)), 0, event.payload);
  }
  CHECK(allocations == before);
  CHECK(queue.size() == 1000);
}

TEST_CASE("a_longer_run_allocates_no_more_than_a_short_one") {
  const auto allocations_of = [](const simulation::PolicyMaker& policy, int rounds) {
    simulation::Workload workload;
    for (int i = 0; i < 20; ++i) {
      std::vector<simulation::Burst> bursts;
      for (int round = 0; round < rounds; ++round) {
        bursts.push_back({7, simulation::Burst::cpu});
        bursts.push_back({11, 0});
      }
      workload.add({}, bursts);
    }
    simulation::Options options;
    options.cores = 2;
    const std::size_t before = allocations;
    const simulation::Figures figures = simulation::run(workload, policy, options);
    CHECK_FALSE(figures.cut_short);
    return allocations - before;
  };
  for (const NamedPolicy& policy : every_policy(dialtone::test_seed())) {
    CAPTURE(policy.name);
    CHECK(allocations_of(policy.make, 200) == allocations_of(policy.make, 20));
  }
}
