#include "connections.hpp"

#include <algorithm>
#include <cstring>

namespace tracing {

namespace {

using handshake_trace::Conversation;
using handshake_trace::Kind;
using handshake_trace::Note;
using handshake_trace::State;
using handshake_trace::Tcp;
namespace flag = handshake_trace::flag;

constexpr std::uint32_t nobody = 0xffffffff;

bool has(const Tcp& header, std::uint8_t bits) {
  return (header.flags & bits) == bits;
}

/// A connection while it is tracked.
struct Tracked {
  Connection connection;
  Conversation conversation;
  std::size_t hash = 0;
  bool used = false;
  // What the summary needs beside the notes.
  std::optional<std::uint32_t> syn_number;  ///< of the client's SYN
  std::optional<Nanoseconds> last_syn;      ///< when it was sent last
  bool both_dialled = false;                ///< the server sent a SYN without ACK
  std::array<bool, 2> ended{};              ///< by End: its FIN was seen
  // In the list of all, the one longest silent first.
  std::uint32_t before = nobody;
  std::uint32_t after = nobody;
};

std::uint64_t mixed(std::uint64_t value) {
  value *= 0x9e3779b97f4a7c15U;
  return value ^ (value >> 32U);
}

std::uint64_t hash_of(const handshake_trace::Address& address, std::uint16_t port) {
  std::uint64_t halves[2];
  std::memcpy(halves, address.bytes.data(), sizeof halves);
  return mixed(halves[0] + port) ^ mixed(halves[1] + 0x51ed270b);
}

/// The same for both directions.
std::size_t hash_of(const Dissected& segment) {
  const std::uint64_t one = hash_of(segment.ip.source, segment.tcp.source_port);
  const std::uint64_t other = hash_of(segment.ip.destination, segment.tcp.destination_port);
  return static_cast<std::size_t>(mixed((one ^ other) + (one + other)));
}

/// Which end of a connection sent the segment; nothing where it belongs to another connection.
std::optional<End> sender_in(const Connection& connection, const Dissected& segment) {
  // std::array's == goes byte by byte, for every packet.
  const auto is = [](const Endpoint& end, const handshake_trace::Address& address,
                     std::uint16_t port) {
    return end.port == port && end.address.is_v6 == address.is_v6 &&
           std::memcmp(end.address.bytes.data(), address.bytes.data(), address.bytes.size()) == 0;
  };
  const auto& ip = segment.ip;
  const auto& tcp = segment.tcp;
  if (is(connection.client, ip.source, tcp.source_port) &&
      is(connection.server, ip.destination, tcp.destination_port))
    return End::client;
  if (is(connection.server, ip.source, tcp.source_port) &&
      is(connection.client, ip.destination, tcp.destination_port))
    return End::server;
  return {};
}

/// Who is the client of a connection whose first segment this is: who dials; who is answered; and
/// where the beginning was not seen, who has the higher port, for servers are known by low ones.
bool client_sent(const Tcp& header) {
  if (has(header, flag::syn)) return !has(header, flag::ack);
  return header.source_port >= header.destination_port;
}

void note_handshake(Tracked& tracked, const Tcp& header, const Note& note, Nanoseconds time,
                    State client_before) {
  Connection& connection = tracked.connection;
  if (connection.handshake != Handshake::half_open) return;
  const bool from_client = note.from == End::client;
  if (has(header, flag::rst)) {
    if (!from_client && client_before == State::syn_sent) connection.handshake = Handshake::refused;
  } else if (has(header, flag::syn)) {
    if (!from_client && !has(header, flag::ack)) tracked.both_dialled = true;
    if (from_client) {
      tracked.last_syn = time;
      tracked.syn_number = header.sequence;
    }
  }
  // Complete when neither end waits for anything any more; the client's ACK is what tells.
  const auto waits = [](State state) {
    return state == State::closed || state == State::listen || state == State::syn_sent ||
           state == State::syn_received;
  };
  if (has(header, flag::rst) || waits(note.client) || waits(note.server)) return;
  connection.handshake = tracked.both_dialled ? Handshake::simultaneous : Handshake::complete;
  if (tracked.last_syn) connection.round_trip = time - *tracked.last_syn;
}

void note_ending(Tracked& tracked, const Tcp& header, const Note& note) {
  if (has(header, flag::rst)) {
    // A RST after both FINs is only an end that did not wait for the last bytes.
    if (tracked.connection.ending != Ending::both_fins) tracked.connection.ending = Ending::reset;
    return;
  }
  if (!has(header, flag::fin)) return;
  tracked.ended[index(note.from)] = true;
  if (tracked.connection.ending == Ending::reset) return;
  tracked.connection.ending =
      tracked.ended[0] && tracked.ended[1] ? Ending::both_fins : Ending::one_side;
}

/// Whether a SYN for the ports of a connection dials anew, as other analysers take it too: it has
/// another number than the one that the connection began with. (The other end's SYN, while the
/// first is not answered, is a simultaneous open.)
bool dials_anew(const Tracked& tracked, const Tcp& header, End from) {
  if (!has(header, flag::syn) || has(header, flag::ack) || has(header, flag::rst)) return false;
  if (tracked.connection.handshake == Handshake::not_seen) return true;
  if (from == End::server) return tracked.connection.handshake != Handshake::half_open;
  return tracked.syn_number && *tracked.syn_number != header.sequence;
}

void note_totals(Totals& sent, const Tcp& header, const Note& note) {
  ++sent.segments;
  sent.bytes += note.fresh;
  if (note.kind == Kind::retransmission) ++sent.retransmissions;
  if (note.kind == Kind::out_of_order) ++sent.out_of_order;
  if (header.window == 0 && (header.flags & (flag::syn | flag::rst)) == 0) ++sent.zero_windows;
}

}  // namespace

/// A hash table with open addressing of places in a pool, and a list through the pool by time.
struct Connections::Table {
  explicit Table(const Limits& given) : limits(given) { buckets.assign(1024, nobody); }

  Limits limits;
  std::vector<std::uint32_t> buckets;  ///< a power of two; places in the pool
  std::vector<Tracked> pool;
  std::uint32_t oldest = nobody;
  std::uint32_t newest = nobody;
  std::uint64_t count = 0;
  std::vector<Connection> finished;  ///< what was set aside

  std::size_t mask() const { return buckets.size() - 1; }

  std::uint32_t find(std::size_t hash, const Dissected& segment, End& from) const {
    for (std::size_t at = hash & mask(); buckets[at] != nobody; at = (at + 1) & mask()) {
      const Tracked& tracked = pool[buckets[at]];
      if (tracked.hash != hash) continue;
      if (const auto sender = sender_in(tracked.connection, segment)) {
        from = *sender;
        return buckets[at];
      }
    }
    return nobody;
  }

  void insert(std::uint32_t place) {
    std::size_t at = pool[place].hash & mask();
    while (buckets[at] != nobody) at = (at + 1) & mask();
    buckets[at] = place;
  }

  /// Takes a place out, and moves up what had to go past it (Knuth, volume 3, section 6.4, R).
  void erase(std::uint32_t place) {
    std::size_t hole = pool[place].hash & mask();
    while (buckets[hole] != place) hole = (hole + 1) & mask();
    for (std::size_t at = (hole + 1) & mask(); buckets[at] != nobody; at = (at + 1) & mask()) {
      const std::size_t home = pool[buckets[at]].hash & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      buckets[hole] = buckets[at];
      hole = at;
    }
    buckets[hole] = nobody;
  }

  void grow() {
    if (pool.size() * 2 <= buckets.size()) return;
    buckets.assign(buckets.size() * 2, nobody);
    for (std::uint32_t place = 0; place < pool.size(); ++place)
      if (pool[place].used) insert(place);
  }

  void unlink(std::uint32_t place) {
    Tracked& tracked = pool[place];
    (tracked.before == nobody ? oldest : pool[tracked.before].after) = tracked.after;
    (tracked.after == nobody ? newest : pool[tracked.after].before) = tracked.before;
  }

  void append(std::uint32_t place) {
    Tracked& tracked = pool[place];
    tracked.before = newest;
    tracked.after = nobody;
    (newest == nobody ? oldest : pool[newest].after) = place;
    newest = place;
  }

  /// What is known of a connection stays as a row; its place is free.
  void set_aside(std::uint32_t place) {
    Tracked& tracked = pool[place];
    if (tracked.connection.number <= limits.rows) finished.push_back(tracked.connection);
    erase(place);
    unlink(place);
    tracked = {};
  }

  std::uint32_t free_place() {
    if (pool.size() < std::max<std::size_t>(limits.tracked, 1)) {
      pool.emplace_back();
      return static_cast<std::uint32_t>(pool.size() - 1);
    }
    const std::uint32_t place = oldest;
    set_aside(place);
    return place;
  }

  std::uint32_t begin(std::size_t hash, const Dissected& segment, Nanoseconds time, End& from,
                      std::uint32_t place) {
    Tracked& tracked = pool[place];
    tracked.used = true;
    tracked.hash = hash;
    Connection& connection = tracked.connection;
    connection.number = ++count;
    const Endpoint source = {segment.ip.source, segment.tcp.source_port};
    const Endpoint destination = {segment.ip.destination, segment.tcp.destination_port};
    from = client_sent(segment.tcp) ? End::client : End::server;
    connection.client = from == End::client ? source : destination;
    connection.server = from == End::client ? destination : source;
    connection.began = time;
    if (has(segment.tcp, flag::syn) && !has(segment.tcp, flag::rst))
      connection.handshake = Handshake::half_open;
    insert(place);
    append(place);
    grow();
    return place;
  }
};

Connections::Connections() : Connections(Limits{}) {}
Connections::Connections(const Limits& limits) : table_(std::make_unique<Table>(limits)) {}
Connections::Connections(Connections&&) noexcept = default;
Connections::~Connections() = default;

Connections::Noted Connections::take(const Dissected& segment, Nanoseconds time) {
  Table& table = *table_;
  const std::size_t hash = hash_of(segment);
  End from = End::client;
  std::uint32_t place = table.find(hash, segment, from);
  if (place != nobody && dials_anew(table.pool[place], segment.tcp, from)) {
    table.set_aside(place);
    place = table.begin(hash, segment, time, from, place);
  } else if (place == nobody) {
    place = table.begin(hash, segment, time, from, table.free_place());
  } else if (place != table.newest) {
    table.unlink(place);
    table.append(place);
  }

  Tracked& tracked = table.pool[place];
  Connection& connection = tracked.connection;
  const State client_before = connection.client_state;
  const Noted noted = {&connection, tracked.conversation.take(segment.tcp, segment.length, from)};
  const Note& note = noted.note;
  connection.last = time;
  connection.client_state = note.client;
  connection.server_state = note.server;
  note_handshake(tracked, segment.tcp, note, time, client_before);
  note_ending(tracked, segment.tcp, note);
  note_totals(connection.sent[index(from)], segment.tcp, note);
  return noted;
}

std::uint64_t Connections::count() const {
  return table_->count;
}

std::vector<Connection> Connections::rows() const {
  std::vector<Connection> rows = table_->finished;
  for (const Tracked& tracked : table_->pool)
    if (tracked.used && tracked.connection.number <= table_->limits.rows)
      rows.push_back(tracked.connection);
  std::sort(rows.begin(), rows.end(),
            [](const Connection& a, const Connection& b) { return a.number < b.number; });
  return rows;
}

}  // namespace tracing
