// ostep:malloc: a heap with a free list, in its own order, searched for the first, best or worst
// fit.
//
// A request is rounded up to the alignment, then the header is added. A hole that is larger keeps
// its place in the list and its end. Coalescing joins neighbours in the list, not in memory, so it
// finds them all only when the list is sorted by address. Random requests: random() below the
// percentage is an allocation of int(random() × range) + 1; else one of the live allocations is
// freed, or, where there is none, nothing happens. Addresses of random allocations are told behind
// the header, those of listed ones before it.
#include <algorithm>
#include <map>

#include "players.hpp"
#include "python_random.hpp"

namespace simulation::ostep {
namespace {

struct Request {
  std::int64_t seed = 0;
  std::int64_t heap_size = 100;
  std::int64_t base = 1000;
  std::int64_t header = 0;
  std::int64_t alignment = -1;
  std::string policy = "BEST";
  std::string order = "ADDRSORT";
  bool coalesce = false;
  std::int64_t count = 10;
  std::int64_t range = 10;
  std::int64_t percent = 50;
  std::string list;
  bool compute = false;
};

constexpr std::int64_t no_address = -1;

class Heap {
 public:
  explicit Heap(const Request& request)
      : request_(request), free_{{request.base, request.heap_size}} {}

  struct Allocation {
    std::int64_t address = no_address;
    std::size_t searched = 0;
    bool twice = false;  ///< The address is taken: what was there had no size.
  };

  Allocation alloc(std::int64_t size) {
    if (request_.alignment != -1) {
      const std::int64_t over = size % request_.alignment;
      if (over != 0) size += request_.alignment - over;
    }
    size += request_.header;
    Allocation result;
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < free_.size(); ++i) {
      ++result.searched;
      if (free_[i].size < size || (best && !better(free_[i], free_[*best]))) continue;
      best = i;
      if (request_.policy == "FIRST") break;
    }
    if (!best) return result;
    Hole& hole = free_[*best];
    result.address = hole.address;
    result.twice = !sizes_.insert({hole.address, size}).second;
    hole = {hole.address + size, hole.size - size};
    if (hole.size == 0) free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(*best));
    return result;
  }

  /// 0, or -1 when nothing is allocated there.
  std::int64_t free(std::int64_t address) {
    const auto found = sizes_.find(address);
    if (found == sizes_.end()) return -1;
    const Hole hole{address, found->second};
    sizes_.erase(found);
    free_.insert(request_.order == "INSERT-FRONT" ? free_.begin() : free_.end(), hole);
    sort();
    if (request_.coalesce) coalesce();
    return 0;
  }

  const std::vector<Hole>& holes() const { return free_; }

 private:
  bool better(const Hole& hole, const Hole& than) const {
    return request_.policy == "BEST" ? hole.size < than.size : hole.size > than.size;
  }

  void sort() {
    const auto sort_by = [this](auto before) {
      std::stable_sort(free_.begin(), free_.end(), before);
    };
    if (request_.order == "ADDRSORT")
      sort_by([](const Hole& a, const Hole& b) { return a.address < b.address; });
    if (request_.order == "SIZESORT+")
      sort_by([](const Hole& a, const Hole& b) { return a.size < b.size; });
    if (request_.order == "SIZESORT-")
      sort_by([](const Hole& a, const Hole& b) { return a.size > b.size; });
  }

  void coalesce() {
    std::vector<Hole> joined;
    for (const Hole& hole : free_) {
      if (!joined.empty() && joined.back().address + joined.back().size == hole.address)
        joined.back().size += hole.size;
      else
        joined.push_back(hole);
    }
    free_ = std::move(joined);
  }

  const Request& request_;
  std::vector<Hole> free_;
  std::map<std::int64_t, std::int64_t> sizes_;  ///< Of what is allocated, by address.
};

class Player {
 public:
  explicit Player(const Request& request) : request_(request), heap_(request) {}

  tl::expected<void, Message> play_random() {
    dialtone::PythonRandom random(request_.seed);
    const double chance = static_cast<double>(request_.percent) / 100.0;
    std::vector<std::size_t> live;
    while (static_cast<std::int64_t>(outcome_.steps.size()) < request_.count) {
      if (random.random() < chance) {
        const double drawn = random.random() * static_cast<double>(request_.range);
        if (auto done = alloc(static_cast<std::int64_t>(drawn) + 1, request_.header); !done)
          return done;
        if (addresses_.back() != no_address) live.push_back(addresses_.size() - 1);
      } else if (!live.empty()) {
        const auto chosen =
            static_cast<std::ptrdiff_t>(random.random() * static_cast<double>(live.size()));
        const std::size_t pointer = live[static_cast<std::size_t>(chosen)];
        live.erase(live.begin() + chosen);
        if (!free(pointer)) return too_many_records();
      }
    }
    return {};
  }

  tl::expected<void, Message> play_list() {
    for (const std::string_view op : split(request_.list, ',')) {
      const char sign = op.empty() ? ' ' : op[0];
      // What stands between the first sign and the next of its kind.
      const auto number =
          sign == '+' || sign == '-' ? parse_whole(split(op, sign)[1]) : std::nullopt;
      if (!number || *number < 0 || *number > largest_number)
        return bad_value("-A", op, "give +SIZE or -NUMBER, separated by commas",
                         "应为 +大小 或 -编号，用逗号分隔");
      if (sign == '+') {
        if (auto done = alloc(*number, 0); !done) return done;
        continue;
      }
      const auto pointer = static_cast<std::size_t>(*number);
      if (pointer >= given_) {
        outcome_.steps.push_back({.kind = HeapStep::Kind::skipped, .pointer = pointer, .free = {}});
        if (!spend(1)) return too_many_records();
        continue;
      }
      if (addresses_[pointer] == no_address)
        return bad_value("-A", op, "that allocation had failed, so there is nothing to free",
                         "该次分配已失败，没有可释放的内存");
      if (!free(pointer)) return too_many_records();
    }
    return {};
  }

  Outcome take() { return std::move(outcome_); }

 private:
  tl::expected<void, Message> alloc(std::int64_t size, std::int64_t told_behind) {
    const Heap::Allocation made = heap_.alloc(size);
    if (made.twice)
      return bad_value("-A", "+" + std::to_string(size),
                       "an allocation without size or header has this address already",
                       "此地址已属于一个没有大小也没有头部的分配");
    HeapStep step{.kind = HeapStep::Kind::alloc, .free = heap_.holes()};
    step.size = size;
    step.pointer = addresses_.size();
    step.returned = made.address + told_behind;
    step.searched = made.searched;
    addresses_.push_back(made.address);
    if (made.address != no_address) ++given_;
    outcome_.steps.push_back(std::move(step));
    if (!spend(heap_.holes().size() + 1)) return too_many_records();
    return {};
  }

  /// False when the trace grows too long.
  bool free(std::size_t pointer) {
    const std::int64_t returned = heap_.free(addresses_[pointer]);
    outcome_.steps.push_back({.kind = HeapStep::Kind::free,
                              .pointer = pointer,
                              .returned = returned,
                              .free = heap_.holes()});
    return spend(heap_.holes().size() + 1);
  }

  bool spend(std::size_t records) { return (records_ += records) <= most_records; }

  const Request& request_;
  Heap heap_;
  Outcome outcome_;
  std::vector<std::int64_t> addresses_;  ///< By the number of the allocation.
  std::size_t given_ = 0;                ///< Allocations that had an address.
  std::size_t records_ = 0;
};

bool among(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

}  // namespace

Played play_malloc(const Words& words) {
  Request request;
  const std::vector<Option> options = {{'s', "seed", &request.seed, INT64_MIN, INT64_MAX},
                                       {'S', "size", &request.heap_size, 0},
                                       {'b', "baseAddr", &request.base, 0},
                                       {'H', "headerSize", &request.header, 0},
                                       {'a', "alignment", &request.alignment, -1},
                                       {'p', "policy", &request.policy},
                                       {'l', "listOrder", &request.order},
                                       {'C', "coalesce", &request.coalesce},
                                       {'n', "numOps", &request.count, 0, most_jobs},
                                       {'r', "range", &request.range, 0},
                                       {'P', "percentAlloc", &request.percent, 1},
                                       {'A', "allocList", &request.list},
                                       {'c', "compute", &request.compute}};
  if (auto read = read_options(options, words); !read) return tl::unexpected(read.error());
  if (!among(request.policy, {"FIRST", "BEST", "WORST"}))
    return bad_value("-p", request.policy, "the policies are BEST, WORST and FIRST",
                     "可用的策略为 BEST、WORST 和 FIRST");
  if (!among(request.order, {"ADDRSORT", "SIZESORT+", "SIZESORT-", "INSERT-FRONT", "INSERT-BACK"}))
    return bad_value("-l", request.order,
                     "the orders are ADDRSORT, SIZESORT+, SIZESORT-, INSERT-FRONT, INSERT-BACK",
                     "可用的次序为 ADDRSORT、SIZESORT+、SIZESORT-、INSERT-FRONT、INSERT-BACK");
  if (request.alignment == 0)
    return refuse("-a 0: give -1 for none, or at least 1", "-a 0：-1 表示不对齐，否则至少为 1");

  Player player(request);
  const auto played = request.list.empty() ? player.play_random() : player.play_list();
  if (!played) return tl::unexpected(played.error());
  return player.take();
}

}  // namespace simulation::ostep
