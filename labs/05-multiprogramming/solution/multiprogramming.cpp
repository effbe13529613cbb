#include "multiprogramming.hpp"

#include <algorithm>

namespace multiprogramming {

// --- 1. Fixed partitions ---

FixedPartitions::FixedPartitions(const std::vector<Address>& sizes) {
  Address address = 0;
  for (const Address size : sizes) {
    partitions_.push_back({{address, size}, 0});
    address += size;
  }
}

//! [fixed_allocate]
Result<Region> FixedPartitions::allocate(Address size) {
  if (size == 0) return tl::unexpected(Refusal::size_of_zero);
  Partition* smallest = nullptr;
  bool some_would_do = false;
  for (Partition& partition : partitions_) {
    if (partition.region.size < size) continue;
    some_would_do = true;
    if (partition.used > 0) continue;
    if (smallest == nullptr || partition.region.size < smallest->region.size) smallest = &partition;
  }
  if (smallest == nullptr)
    return tl::unexpected(some_would_do ? Refusal::no_room : Refusal::too_large);
  smallest->used = size;
  return smallest->region;
}
//! [fixed_allocate]

Result<void> FixedPartitions::release(Address address) {
  for (Partition& partition : partitions_) {
    if (partition.region.address != address || partition.used == 0) continue;
    partition.used = 0;
    return {};
  }
  return tl::unexpected(Refusal::not_allocated);
}

Usage FixedPartitions::usage() const {
  Usage usage;
  for (const Partition& partition : partitions_) {
    const Address size = partition.region.size;
    if (partition.used == 0) {
      usage.free += size;
      usage.largest_hole = std::max(usage.largest_hole, size);
    } else {
      usage.allocated += partition.used;
      usage.internal += size - partition.used;
    }
  }
  usage.external = usage.free - usage.largest_hole;
  return usage;
}

// --- 2. Variable partitions ---

namespace {

bool before(const Region& region, Address address) {
  return region.address < address;
}

Address end_of(const Region& region) {
  return region.address + region.size;
}

/// The index of the hole that a program of this size is put in; the number of holes if none is
/// large enough.
std::size_t choose(const std::vector<Region>& holes, Address size, Fit fit, Address goes_on) {
  const std::size_t count = holes.size();
  std::size_t start = 0;
  if (fit == Fit::next)
    while (start < count && end_of(holes[start]) <= goes_on) ++start;
  std::size_t chosen = count;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = (start + i) % count;
    if (holes[at].size < size) continue;
    if (fit == Fit::first || fit == Fit::next) return at;
    if (chosen == count || (fit == Fit::best ? holes[at].size < holes[chosen].size
                                             : holes[at].size > holes[chosen].size))
      chosen = at;
  }
  return chosen;
}

}  // namespace

VariablePartitions::VariablePartitions(Address size, Fit fit)
    : size_(size), fit_(fit), holes_{{0, size}} {}

//! [variable_allocate]
Result<Region> VariablePartitions::allocate(Address size) {
  if (size == 0) return tl::unexpected(Refusal::size_of_zero);
  if (size > size_) return tl::unexpected(Refusal::too_large);
  const std::size_t chosen = choose(holes_, size, fit_, goes_on_);
  if (chosen == holes_.size()) return tl::unexpected(Refusal::no_room);
  Region& hole = holes_[chosen];
  const Region region{hole.address, size};
  hole.address += size;
  hole.size -= size;
  if (hole.size == 0) holes_.erase(holes_.begin() + static_cast<std::ptrdiff_t>(chosen));
  programs_.insert(std::lower_bound(programs_.begin(), programs_.end(), region.address, before),
                   region);
  goes_on_ = end_of(region);
  return region;
}
//! [variable_allocate]

//! [variable_release]
Result<void> VariablePartitions::release(Address address) {
  const auto program = std::lower_bound(programs_.begin(), programs_.end(), address, before);
  if (program == programs_.end() || program->address != address)
    return tl::unexpected(Refusal::not_allocated);
  Region hole = *program;
  programs_.erase(program);
  auto above = std::lower_bound(holes_.begin(), holes_.end(), address, before);
  if (above != holes_.end() && above->address == end_of(hole)) {
    hole.size += above->size;
    above = holes_.erase(above);
  }
  if (above != holes_.begin() && end_of(*(above - 1)) == hole.address)
    (above - 1)->size += hole.size;
  else
    holes_.insert(above, hole);
  return {};
}
//! [variable_release]

//! [compact]
std::vector<Move> VariablePartitions::compact() {
  std::vector<Move> moves;
  Address end = 0;
  for (Region& program : programs_) {
    if (program.address != end) moves.push_back({program.address, end, program.size});
    program.address = end;
    end += program.size;
  }
  holes_.clear();
  if (end < size_) holes_.push_back({end, size_ - end});
  goes_on_ = end;
  return moves;
}
//! [compact]

Usage VariablePartitions::usage() const {
  Usage usage;
  for (const Region& program : programs_) usage.allocated += program.size;
  for (const Region& hole : holes_) {
    usage.free += hole.size;
    usage.largest_hole = std::max(usage.largest_hole, hole.size);
  }
  usage.external = usage.free - usage.largest_hole;
  return usage;
}

// --- 3. Base and limit ---

//! [translate]
tl::expected<Address, Fault> translate(const BoundRegisters& registers, Address address) {
  if (address >= registers.limit) return tl::unexpected(Fault{address, registers.limit});
  const Address physical = registers.base + address;
  if (physical < registers.base) return tl::unexpected(Fault{address, registers.limit});
  return physical;
}
//! [translate]

// --- 4. The dispatcher ---

namespace {

/// The first of the line, who leaves it.
Dispatcher::Runs take_first(std::deque<int>& line) {
  if (line.empty()) return {};
  const int first = line.front();
  line.pop_front();
  return first;
}

}  // namespace

//! [dispatcher]
Result<Dispatcher::Runs> Dispatcher::admit(int program) {
  if (running_ == program || blocked_.contains(program) ||
      std::find(line_.begin(), line_.end(), program) != line_.end())
    return tl::unexpected(Refusal::known_already);
  line_.push_back(program);
  if (!running_) running_ = take_first(line_);
  return running_;
}

Result<Dispatcher::Runs> Dispatcher::block() {
  if (!running_) return tl::unexpected(Refusal::nobody_runs);
  blocked_.insert(*running_);
  running_ = take_first(line_);
  return running_;
}

Result<Dispatcher::Runs> Dispatcher::wake(int program) {
  if (blocked_.erase(program) == 0) return tl::unexpected(Refusal::not_blocked);
  line_.push_back(program);
  if (!running_) running_ = take_first(line_);
  return running_;
}

Result<Dispatcher::Runs> Dispatcher::finish() {
  if (!running_) return tl::unexpected(Refusal::nobody_runs);
  running_ = take_first(line_);
  return running_;
}
//! [dispatcher]

}  // namespace multiprogramming
