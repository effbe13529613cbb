#include "generations/memory_show.hpp"

#include <algorithm>
#include <memory>

#include "language.hpp"
#include "random.hpp"

namespace generations {

using dialtone::tr;
using multiprogramming::FixedPartitions;
using multiprogramming::Move;
using multiprogramming::Region;
using multiprogramming::Usage;
using multiprogramming::VariablePartitions;

namespace {

/// Either kind of memory.
class Memory {
 public:
  explicit Memory(const MemoryRules& rules) {
    if (rules.partitions.empty())
      variable_ = std::make_unique<VariablePartitions>(rules.size, rules.fit);
    else
      fixed_ = std::make_unique<FixedPartitions>(rules.partitions);
  }
  multiprogramming::Result<Region> allocate(Address size) {
    return fixed_ ? fixed_->allocate(size) : variable_->allocate(size);
  }
  void release(Address address) {
    static_cast<void>(fixed_ ? fixed_->release(address) : variable_->release(address));
  }
  Usage usage() const { return fixed_ ? fixed_->usage() : variable_->usage(); }
  bool can_compact() const { return variable_ != nullptr; }
  std::vector<Move> compact() { return variable_->compact(); }

 private:
  std::unique_ptr<FixedPartitions> fixed_;
  std::unique_ptr<VariablePartitions> variable_;
};

/// The largest program that is drawn: a third of the memory, and no larger than a partition.
Address largest_drawn(const MemoryRules& rules) {
  Address largest = std::max<Address>(1, rules.size / 3);
  if (!rules.partitions.empty())
    largest = *std::max_element(rules.partitions.begin(), rules.partitions.end());
  return largest;
}

class Player {
 public:
  /// Programs of 1 to `largest`.
  Player(const MemoryRules& rules, Address largest, std::uint64_t seed)
      : rules_(rules), memory_(rules), random_(seed), largest_(largest) {}

  /// One more program; calls `told` with each step.
  template <class Told>
  void another(Told told) {
    const Address size = random_.between(1, largest_);
    const char name = static_cast<char>('A' + count_++ % 26);
    while (!place(name, size, told)) {
      if (try_compaction(size, told)) continue;
      const std::size_t leaving = random_.between(0, residents_.size() - 1);
      const Resident gone = residents_[leaving];
      memory_.release(gone.region.address);
      residents_.erase(residents_.begin() + static_cast<std::ptrdiff_t>(leaving));
      told(step(MemoryStep::Kind::released, gone.name, gone.asked));
    }
  }

 private:
  template <class Told>
  bool place(char name, Address size, Told told) {
    const auto placed = memory_.allocate(size);
    if (placed) residents_.push_back({name, *placed, size});
    MemoryStep made =
        step(placed ? MemoryStep::Kind::allocated : MemoryStep::Kind::refused, name, size);
    if (placed) made.address = placed->address;
    told(std::move(made));
    return placed.has_value() || residents_.empty();  // who fits nowhere at all goes away
  }

  template <class Told>
  bool try_compaction(Address size, Told told) {
    if (!rules_.compaction || !memory_.can_compact() || memory_.usage().free < size ||
        memory_.usage().largest_hole >= size)
      return false;
    Address moved = 0;
    for (const Move& move : memory_.compact()) {
      moved += move.size;
      for (Resident& resident : residents_)
        if (resident.region.address == move.from) {
          resident.region.address = move.to;
          break;
        }
    }
    MemoryStep made = step(MemoryStep::Kind::compacted, ' ', 0);
    made.moved = moved;
    told(std::move(made));
    return true;
  }

  MemoryStep step(MemoryStep::Kind kind, char name, Address size) const {
    MemoryStep made;
    made.kind = kind;
    made.name = name;
    made.size = size;
    made.residents = residents_;
    made.usage = memory_.usage();
    return made;
  }

  const MemoryRules& rules_;
  Memory memory_;
  dialtone::Random random_;
  Address largest_;
  std::vector<Resident> residents_;
  int count_ = 0;
};

Fullness measure(const MemoryRules& rules, Address largest, std::uint64_t seed,
                 std::size_t programs) {
  Fullness fullness;
  fullness.rules = title_of(rules);
  Player player(rules, largest, seed);
  for (std::size_t i = 0; i < programs; ++i)
    player.another([&](const MemoryStep& step) {
      fullness.moved += step.moved;
      if (step.kind != MemoryStep::Kind::refused) return;
      ++fullness.refusals;
      fullness.allocated += static_cast<double>(step.usage.allocated);
      fullness.internal += static_cast<double>(step.usage.internal);
      fullness.external += static_cast<double>(step.usage.free);
    });
  const double whole = static_cast<double>(rules.size) *
                       static_cast<double>(std::max<std::size_t>(1, fullness.refusals));
  fullness.allocated /= whole;
  fullness.internal /= whole;
  fullness.external /= whole;
  return fullness;
}

}  // namespace

std::string title_of(const MemoryRules& rules) {
  if (!rules.partitions.empty()) {
    std::string sizes;
    for (const Address size : rules.partitions)
      sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
    return tr("fixed ", "固定分区 ") + sizes;
  }
  constexpr const char* english[] = {"first fit", "next fit", "best fit", "worst fit"};
  constexpr const char* chinese[] = {"首次适应", "下次适应", "最佳适应", "最差适应"};
  const auto at = static_cast<std::size_t>(rules.fit);
  return tr(english[at], chinese[at]) +
         (rules.compaction ? tr(", compaction", "，紧缩") : std::string());
}

std::vector<MemoryStep> play_memory(const MemoryRules& rules, std::uint64_t seed,
                                    std::size_t programs) {
  std::vector<MemoryStep> steps;
  Player player(rules, largest_drawn(rules), seed);
  for (std::size_t i = 0; i < programs; ++i)
    player.another([&](MemoryStep step) { steps.push_back(std::move(step)); });
  return steps;
}

std::vector<Fullness> compare_memories(Address size, std::uint64_t seed, std::size_t programs) {
  const Address largest = std::max<Address>(1, size / 4);
  std::vector<MemoryRules> all;
  if (size >= 16) {
    const Address quarter = size / 4;
    all.push_back({size, {quarter, quarter, quarter, size - 3 * quarter}});
    const Address eighth = size / 8;
    all.push_back({size, {eighth, eighth, eighth, eighth, quarter, size - 4 * eighth - quarter}});
  }
  for (const Fit fit : {Fit::first, Fit::next, Fit::best, Fit::worst}) {
    all.emplace_back();
    all.back().size = size;
    all.back().fit = fit;
  }
  all.push_back(all.back());
  all.back().fit = Fit::first;
  all.back().compaction = true;
  std::vector<Fullness> compared;
  for (const MemoryRules& rules : all) compared.push_back(measure(rules, largest, seed, programs));
  return compared;
}

std::string bar(const MemoryRules& rules, const MemoryStep& step, std::size_t columns,
                bool unicode) {
  const std::string edge = unicode ? "│" : "|";
  const std::string hole = unicode ? "·" : ".";
  const std::string waste = unicode ? "░" : "-";
  std::vector<std::size_t> walls;  // the columns at which another fixed partition begins
  Address end = 0;
  for (const Address size : rules.partitions) walls.push_back((end += size) * columns / rules.size);
  std::string text = edge;
  for (std::size_t column = 0; column < columns; ++column) {
    const Address from = column * rules.size / columns;
    const Address to = std::max(from + 1, (column + 1) * rules.size / columns);
    std::string cell = hole;
    for (const Resident& one : step.residents) {
      const Address middle = from + (to - from) / 2;
      if (middle < one.region.address || middle >= one.region.address + one.region.size) continue;
      cell = middle < one.region.address + one.asked ? std::string(1, one.name) : waste;
    }
    const bool wall =
        columns >= 3 * walls.size() && std::find(walls.begin(), walls.end(), column) != walls.end();
    text += wall ? edge : cell;
  }
  return text + edge;
}

std::string told(const MemoryStep& step) {
  const std::string who(1, step.name);
  const std::string size = std::to_string(step.size) + " K";
  switch (step.kind) {
    case MemoryStep::Kind::allocated:
      return "+ " + who + " " + size + tr(" at ", " 放在 ") + std::to_string(step.address);
    case MemoryStep::Kind::refused:
      return "? " + who + " " + size + tr(": no room", "：放不下");
    case MemoryStep::Kind::released:
      return "- " + who + " " + size + tr(" leaves", " 离开");
    case MemoryStep::Kind::compacted:
      return tr("> compaction, ", "> 紧缩，搬移 ") + std::to_string(step.moved) + " K";
  }
  return {};
}

nlohmann::ordered_json json_of(const MemoryRules& rules, const std::vector<MemoryStep>& steps,
                               const std::vector<Fullness>& compared) {
  using nlohmann::ordered_json;
  constexpr const char* kinds[] = {"allocated", "refused", "released", "compacted"};
  ordered_json list = ordered_json::array();
  for (const MemoryStep& step : steps) {
    ordered_json residents = ordered_json::array();
    for (const Resident& one : step.residents)
      residents.push_back({{"program", std::string(1, one.name)},
                           {"address", one.region.address},
                           {"size", one.region.size},
                           {"asked", one.asked}});
    list.push_back({{"step", kinds[static_cast<std::size_t>(step.kind)]},
                    {"program", std::string(1, step.name)},
                    {"size", step.size},
                    {"allocated", step.usage.allocated},
                    {"internal", step.usage.internal},
                    {"free", step.usage.free},
                    {"largest_hole", step.usage.largest_hole},
                    {"external", step.usage.external},
                    {"residents", std::move(residents)}});
  }
  ordered_json table = ordered_json::array();
  for (const Fullness& one : compared)
    table.push_back({{"rules", one.rules},
                     {"refusals", one.refusals},
                     {"allocated", one.allocated},
                     {"internal", one.internal},
                     {"external", one.external},
                     {"moved", one.moved}});
  return {{"size", rules.size},
          {"rules", title_of(rules)},
          {"steps", std::move(list)},
          {"compared", std::move(table)}};
}

}  // namespace generations
