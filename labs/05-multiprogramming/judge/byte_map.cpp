#include "byte_map.hpp"

#include <algorithm>

namespace lab05 {
namespace {

std::string title(std::size_t size, Fit fit) {
  constexpr const char* names[] = {"first", "next", "best", "worst"};
  return "VariablePartitions(" + std::to_string(size) +
         ", Fit::" + names[static_cast<std::size_t>(fit)] + ")";
}

}  // namespace

ByteMap::ByteMap(std::size_t size, Fit fit)
    : script_(title(size, fit),
              {{"call", "variable"}, {"size", size}, {"fit", static_cast<int>(fit)}}),
      fit_(fit),
      owners_(size, 0) {}

std::vector<Span> ByteMap::runs(bool free) const {
  std::vector<Span> spans;
  for (std::size_t i = 0; i < owners_.size(); ++i) {
    if ((owners_[i] == 0) != free) continue;
    if (i > 0 && owners_[i - 1] == owners_[i])
      ++spans.back().size;
    else
      spans.push_back({i, 1});
  }
  return spans;
}

/// Where `size` bytes are to lie.
std::optional<std::size_t> ByteMap::choose(std::size_t size) const {
  std::vector<Span> fitting;
  for (const Span& hole : holes())
    if (hole.size >= size) fitting.push_back(hole);
  if (fitting.empty()) return std::nullopt;
  if (fit_ == Fit::next)  // the last byte of a hole says whether it reaches the place or beyond
    for (const Span& hole : fitting)
      if (hole.address + hole.size - 1 >= rover_) return hole.address;
  const auto by_size = [](const Span& a, const Span& b) { return a.size < b.size; };
  if (fit_ == Fit::best) return std::min_element(fitting.begin(), fitting.end(), by_size)->address;
  if (fit_ == Fit::worst) return std::max_element(fitting.begin(), fitting.end(), by_size)->address;
  return fitting.front().address;
}

std::optional<std::size_t> ByteMap::allocate(std::uint64_t size) {
  const json question = {"allocate", size};
  if (size == 0 || size > owners_.size()) {
    script_.ask(question, refused(size == 0 ? "size_of_zero" : "too_large"));
    return std::nullopt;
  }
  const auto at = choose(size);
  if (!at) {
    script_.ask(question, refused("no_room"));
    return at;
  }
  ++last_owner_;
  for (std::size_t i = *at; i < *at + size; ++i) owners_[i] = last_owner_;
  rover_ = *at + size;
  script_.ask(question, json::array({*at, size}));
  return at;
}

void ByteMap::release(std::uint64_t address) {
  bool begins = address < owners_.size() && owners_[address] != 0;
  if (begins && address > 0) begins = owners_[address - 1] != owners_[address];
  script_.ask({"release", address}, begins ? json("released") : refused("not_allocated"));
  if (!begins) return;
  const int leaving = owners_[address];
  std::replace(owners_.begin(), owners_.end(), leaving, 0);
}

void ByteMap::look_at_holes() {
  json list = json::array();
  for (const Span& hole : holes()) list.push_back({hole.address, hole.size});
  script_.ask({"holes"}, list);
}

void ByteMap::look_at_usage() {
  const auto free = std::count(owners_.begin(), owners_.end(), 0);
  std::size_t largest = 0;
  for (const Span& hole : holes()) largest = std::max(largest, hole.size);
  script_.ask({"usage"}, {{"allocated", owners_.size() - static_cast<std::size_t>(free)},
                          {"internal", 0},
                          {"free", free},
                          {"largest_hole", largest},
                          {"external", static_cast<std::size_t>(free) - largest}});
}

std::vector<json> ByteMap::compact() {
  std::vector<json> moves;
  std::size_t end = 0;
  for (const Span& program : programs()) {
    if (program.address != end) moves.push_back({program.address, end, program.size});
    end += program.size;
  }
  std::stable_partition(owners_.begin(), owners_.end(), [](int owner) { return owner != 0; });
  rover_ = end;
  script_.ask({"compact"}, Script::any());
  return moves;
}

Fit draw_fit(Random& random) {
  return static_cast<Fit>(random.between(0, 3));
}

ByteMap with_holes(Fit fit, const std::vector<std::size_t>& sizes, const std::vector<bool>& ends) {
  std::size_t total = 0;
  for (const std::size_t size : sizes) total += size;
  ByteMap memory(total, fit);
  for (const std::size_t size : sizes) memory.allocate(size);
  std::size_t address = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (ends[i]) memory.release(address);
    address += sizes[i];
  }
  return memory;
}

ByteMap draw_with_holes(Random& random, Fit fit) {
  std::vector<std::size_t> sizes(random.between(3, 14));
  std::vector<bool> ends(sizes.size(), false);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    sizes[i] = random.between(1, 16);
    ends[i] = (i == 0 || !ends[i - 1]) && random.chance(0.6);
  }
  if (std::count(ends.begin(), ends.end(), true) == 0) ends[1] = true;
  return with_holes(fit, sizes, ends);
}

}  // namespace lab05
