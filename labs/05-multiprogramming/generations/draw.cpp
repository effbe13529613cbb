#include "generations/draw.hpp"

#include "random.hpp"

namespace generations {

using dialtone::Random;
using simulation::Burst;
using simulation::Deck;
using simulation::Time;

namespace {

constexpr int disk = 0;
constexpr int terminal = 1;

Time between(Random& random, std::uint64_t low, std::uint64_t high) {
  return static_cast<Time>(random.between(low, high));
}

/// A kind of job: how long its stretches are, and with what between them.
std::vector<Burst> draw_bursts(Random& random, std::uint64_t kind) {
  std::vector<Burst> bursts;
  const std::uint64_t rounds = random.between(1, 12);
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (kind == 0) {  // computes
      bursts.push_back({between(random, 30, 200), Burst::cpu});
      bursts.push_back({between(random, 1, 10), disk});
    } else if (kind == 1) {  // keeps a disk busy
      bursts.push_back({between(random, 2, 15), Burst::cpu});
      bursts.push_back({between(random, 20, 60), disk});
    } else {  // asks and thinks
      bursts.push_back({between(random, 1, 5), Burst::cpu});
      bursts.push_back({between(random, 20, 120), terminal});
    }
  }
  bursts.push_back({between(random, 1, 20), Burst::cpu});
  return bursts;
}

}  // namespace

Deck draw_deck(std::uint64_t seed, std::size_t jobs) {
  Random random(seed);
  Deck deck;
  deck.devices = {{"disk", 1}, {"terminal", 0}};
  Time arrival = 0;
  for (std::size_t i = 0; i < jobs; ++i) {
    const std::uint64_t kind = random.between(0, 2);
    constexpr const char* kinds[] = {"sum", "file", "talk"};
    simulation::Job job;
    job.name = kinds[kind] + std::to_string(i + 1);
    job.arrival = arrival;
    job.memory = static_cast<int>(random.between(1, 24));
    deck.workload.add(std::move(job), draw_bursts(random, kind));
    simulation::Order order;
    order.user = "user" + std::to_string(i + 1);
    order.patience = kind == 2 ? 300 : 3600;
    order.cards = static_cast<int>(random.between(20, 2000));
    order.lines = static_cast<int>(random.between(20, 2000));
    deck.orders.push_back(std::move(order));
    arrival += between(random, 0, 400);
  }
  return deck;
}

}  // namespace generations
