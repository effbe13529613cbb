#include "selection.hpp"

#include <net/if.h>

#include <algorithm>
#include <cstring>

namespace tracing {

namespace {

namespace flag = handshake_trace::flag;

constexpr std::size_t most_entries = 16384;
constexpr Nanoseconds moved_after = 1'000'000'000;

void write_end(const Endpoint& end, std::uint8_t* at) {
  at[0] = end.address.is_v6 ? 6 : 4;
  std::memcpy(at + 1, end.address.bytes.data(), 16);
  at[17] = static_cast<std::uint8_t>(end.port >> 8U);
  at[18] = static_cast<std::uint8_t>(end.port & 0xffU);
}

}  // namespace

Selection::Selection(SocketOwners* owners) : owners_(owners), loopback_(if_nametoindex("lo")) {}

Selection::Key Selection::key_of(const Glimpse& segment, bool& by_first) {
  constexpr std::size_t size = std::tuple_size_v<Key> / 2;
  Key key{};
  write_end(segment.source, key.data());
  write_end(segment.destination, key.data() + size);
  by_first =
      !std::lexicographical_compare(key.begin() + size, key.end(), key.begin(), key.begin() + size);
  if (!by_first) std::rotate(key.begin(), key.begin() + size, key.end());
  return key;
}

bool Selection::is_commands(const Glimpse& segment) {
  if (owners_ == nullptr) return true;
  using Owner = SocketOwners::Owner;
  const Owner from = owners_->owner(segment.source, segment.destination);
  if (from == Owner::command) return true;
  const Owner to = owners_->owner(segment.destination, segment.source);
  if (to == Owner::command) return true;
  const bool is_beginning = (segment.flags & flag::syn) != 0;
  return is_beginning && (from == Owner::not_known || to == Owner::not_known);
}

Selection::Entry& Selection::begin(const Key& key, const Glimpse& segment) {
  if (entries_.size() >= most_entries) make_room();
  Entry& entry = entries_[key];
  entry = {};
  entry.kept = is_commands(segment);
  if (entry.kept) {
    ++counts_.connections;
    ++open_;
  } else {
    ++counts_.left_out;
  }
  return entry;
}

/// Forgets what is over or another program's; where that is not enough, everything.
void Selection::make_room() {
  std::erase_if(entries_, [](const auto& pair) { return !pair.second.kept || pair.second.over; });
  if (entries_.size() < most_entries / 2) return;
  entries_.clear();
  open_ = 0;
}

/// A packet may pass by several interfaces (a VLAN's and the card's, a bridge's): the one where it
/// is seen first counts, unless that has fallen silent since.
bool Selection::first_sight(Path& path, const Glimpse& segment, Nanoseconds time) {
  if (path.seen && path.interface != segment.interface && time - path.last < moved_after)
    return false;
  path = {true, segment.interface, time};
  return true;
}

bool Selection::wanted(const CapturedPacket& packet) {
  const auto segment = glimpse(packet);
  if (!segment) return false;
  if (segment->goes_out && segment->interface == loopback_) return false;  // it comes in as well
  if (segment->part_of_segment) {  // it has no ports: nobody knows whose it is
    ++counts_.packets;
    return true;
  }
  bool by_first = false;
  const Key key = key_of(*segment, by_first);
  const bool dials = (segment->flags & (flag::syn | flag::ack)) == flag::syn;
  const auto found = entries_.find(key);
  const bool anew = found == entries_.end() || (dials && found->second.over);
  Entry& entry = anew ? begin(key, *segment) : found->second;
  if (!entry.kept || !first_sight(entry.paths[by_first ? 0 : 1], *segment, packet.time))
    return false;
  entry.progress.take(*segment, by_first);
  if (!entry.over && entry.progress.over()) {
    entry.over = true;
    --open_;
    if (entry.progress.refused()) ++counts_.refused;
  }
  ++counts_.packets;
  return true;
}

}  // namespace tracing
