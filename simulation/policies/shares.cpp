// Lottery, stride and a fair share: each process gets its weight's part of the time.
#include <algorithm>

#include "language.hpp"
#include "random.hpp"
#include "simulation/policies/ordered.hpp"
#include "simulation/policies/policies.hpp"
#include "simulation/policies/virtual_time.hpp"

namespace simulation {
namespace {

using Pcb = ProcessControlBlock;

/// Tickets by process number, with sums over the numbers before it (Fenwick, 1994).
class Tickets {
 public:
  std::int64_t total() const { return total_; }

  /// `tickets` may be negative: it takes them back.
  void add(std::size_t number, std::int64_t tickets) {
    while (number >= size_) grow();
    total_ += tickets;
    for (std::size_t i = number + 1; i <= size_; i += i & (~i + 1)) sums_[i] += tickets;
  }

  /// The process that holds ticket `drawn`, counted from 0. Precondition: drawn < total.
  std::size_t holder(std::int64_t drawn) const {
    std::size_t at = 0;
    for (std::size_t step = size_; step > 0; step /= 2)
      if (at + step <= size_ && sums_[at + step] <= drawn) drawn -= sums_[at += step];
    return at;
  }

 private:
  /// Twice as many numbers. `size_` is a power of two, so its entry is the sum of all.
  void grow() {
    const std::size_t larger = size_ == 0 ? 64 : 2 * size_;
    sums_.resize(larger + 1, 0);
    sums_[larger] = total_;
    size_ = larger;
  }

  std::vector<std::int64_t> sums_;
  std::size_t size_ = 0;
  std::int64_t total_ = 0;
};

class Lottery final : public Policy {
 public:
  Lottery(Time quantum, std::uint64_t seed) : quantum_(quantum), random_(seed) {}

  void enqueue(Pcb& process, Ready why, Time) override {
    if (why != Ready::preempted && why != Ready::moved) process.quantum_left = quantum_;
    const auto number = static_cast<std::size_t>(process.pid);
    if (number >= holders_.size()) holders_.resize(number + 1, nullptr);
    holders_[number] = &process;
    tickets_.add(number, process.weight);
    ++ready_;
  }

  Turn pick(Time) override {
    if (ready_ == 0) return {};
    const auto drawn = static_cast<std::int64_t>(
        random_.between(0, static_cast<std::uint64_t>(tickets_.total()) - 1));
    const std::size_t number = tickets_.holder(drawn);
    Pcb* process = holders_[number];
    tickets_.add(number, -process->weight);
    --ready_;
    return {process, process->quantum_left};
  }

  void charge(Pcb& process, Time ticks, Time) override { process.quantum_left -= ticks; }
  std::size_t ready() const override { return ready_; }
  std::string standing(const Pcb& process) const override {
    return std::to_string(process.weight) + dialtone::tr(" tickets", " 张彩票");
  }

 private:
  Time quantum_;
  dialtone::Random random_;
  Tickets tickets_;
  std::vector<Pcb*> holders_;
  std::size_t ready_ = 0;
};

/// `virtual_time` is the pass. While a process is away it holds how far it was ahead of the global
/// pass, which goes on with the time of everybody together.
class Stride final : public Policy {
 public:
  explicit Stride(Time quantum) : quantum_(quantum) {}

  void enqueue(Pcb& process, Ready why, Time) override {
    if (why == Ready::arrived) process.virtual_time = virtual_ticks(quantum_, process.weight);
    if (why == Ready::arrived || why == Ready::woke || why == Ready::moved) {
      process.virtual_time += global_pass_;
      weight_ += process.weight;
    }
    if (why == Ready::preempted)
      line_.push_front(process.virtual_time, process);
    else
      line_.push_back(process.virtual_time, process);
    if (why != Ready::preempted) process.quantum_left = quantum_;
  }

  Turn pick(Time) override {
    Pcb* process = line_.pop();
    return {process, process == nullptr ? never : process->quantum_left};
  }

  void charge(Pcb& process, Time ticks, Time) override {
    process.quantum_left -= ticks;
    process.virtual_time += virtual_ticks(ticks, process.weight);
    global_pass_ += virtual_ticks(ticks, weight_);
  }

  void gone(Pcb& process, Gone, Time) override {
    process.virtual_time = std::max<std::int64_t>(0, process.virtual_time - global_pass_);
    weight_ -= process.weight;
  }

  std::size_t ready() const override { return line_.size(); }
  std::string standing(const Pcb& process) const override {
    return dialtone::tr("pass ", "行程 ") + in_thousandths(process.virtual_time);
  }

 private:
  Time quantum_;
  Ordered line_;
  std::int64_t global_pass_ = 0;
  std::int64_t weight_ = 0;  ///< of all who are ready or run
};

class Fair final : public Policy {
 public:
  explicit Fair(FairRules rules) : rules_(rules) {}

  void enqueue(Pcb& process, Ready why, Time) override {
    std::int64_t& v = process.virtual_time;
    if (why == Ready::arrived) v = least_;
    if (why == Ready::woke) v = std::max(v, least_ - virtual_ticks(rules_.latency, 2));
    if (why == Ready::moved) v += least_;
    if (why == Ready::arrived || why == Ready::woke || why == Ready::moved)
      weight_ += process.weight;
    if (why == Ready::preempted)
      line_.push_front(v, process);
    else
      line_.push_back(v, process);
  }

  Turn pick(Time) override {
    Pcb* process = line_.pop();
    if (process == nullptr) return {};
    least_ = std::max(least_, process->virtual_time);
    return {process, std::max(rules_.granularity, rules_.latency * process->weight / weight_)};
  }

  void charge(Pcb& process, Time ticks, Time) override {
    process.virtual_time += virtual_ticks(ticks, process.weight);
    const std::int64_t least =
        line_.empty() ? process.virtual_time : std::min(process.virtual_time, line_.top().key);
    least_ = std::max(least_, least);
  }

  void gone(Pcb& process, Gone why, Time) override {
    weight_ -= process.weight;
    if (why == Gone::moved) process.virtual_time -= least_;
  }

  std::size_t ready() const override { return line_.size(); }
  bool preemptive() const override { return true; }
  const Pcb* best(Time) const override { return line_.empty() ? nullptr : line_.top().process; }
  bool outranks(const Pcb& one, const Pcb& other) const override {
    return one.virtual_time + virtual_ticks(rules_.granularity, one.weight) < other.virtual_time;
  }
  std::string standing(const Pcb& process) const override {
    return dialtone::tr("virtual time ", "虚拟时间 ") + in_thousandths(process.virtual_time);
  }

 private:
  FairRules rules_;
  Ordered line_;
  std::int64_t least_ = 0;   ///< never goes back
  std::int64_t weight_ = 0;  ///< of all who are ready or run
};

}  // namespace

std::unique_ptr<Policy> make_lottery(Time quantum, std::uint64_t seed) {
  return std::make_unique<Lottery>(quantum, seed);
}
std::unique_ptr<Policy> make_stride(Time quantum) {
  return std::make_unique<Stride>(quantum);
}
std::unique_ptr<Policy> make_fair(FairRules rules) {
  return std::make_unique<Fair>(rules);
}

}  // namespace simulation
