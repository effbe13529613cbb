// Packets built from what they say. Where a member is set that the rest would give as well, the
// packet says that instead: so wrong ones are made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "random.hpp"

namespace lab03 {

using dialtone::Random;

/// Numbers as the wire has them, the most significant byte first.
std::string number8(std::uint64_t value);
std::string number16(std::uint64_t value);
std::string number32(std::uint64_t value);

/// The one's complement sum of the bytes as 16-bit numbers and of `start`: by arithmetic modulo
/// 65535, where 0 stands for no bytes but zeros alone.
std::uint16_t ones_sum(std::string_view bytes, std::uint64_t start = 0);

struct FramePlan {
  std::string destination;
  std::string source;
  struct Tag {
    std::uint16_t type;
    std::uint16_t control;  ///< 4 bits of priority, 12 of the VLAN's number
  };
  std::vector<Tag> tags;
  std::uint16_t type = 0x0800;
  std::string payload;
  std::string bytes() const;
};

FramePlan draw_frame(Random& random);

struct Ipv4Plan {
  unsigned version = 4;
  std::string source;
  std::string destination;
  std::uint8_t service = 0;
  std::uint16_t identification = 0;
  unsigned fragment_flags = 0;   ///< 4 reserved, 2 do not fragment, 1 more fragments
  unsigned fragment_offset = 0;  ///< in units of 8 bytes
  std::uint8_t hops = 64;
  std::uint8_t protocol = 6;
  std::string options;            ///< a multiple of 4 bytes
  std::optional<unsigned> words;  ///< what the header says of its own length, in 4 bytes
  std::optional<std::size_t> total_length;
  std::string payload;  ///< what follows the header, padding included

  std::size_t header_size() const { return 20 + options.size(); }
  std::string bytes() const;
};

/// Random values, no options, a payload of 1 to 60 bytes.
Ipv4Plan draw_ipv4(Random& random);

/// Any option bytes: IP's are not looked at.
std::string draw_ipv4_options(Random& random, std::size_t words);

struct Ipv6Plan {
  struct Extension {
    std::uint8_t number;
    std::string bytes;  ///< with the first one, which says what follows, left for bytes() to fill
  };
  unsigned version = 6;
  std::uint32_t class_and_flow = 0;  ///< 28 bits
  std::string source;
  std::string destination;
  std::uint8_t hops = 64;
  std::vector<Extension> extensions;
  std::uint8_t protocol = 6;
  std::optional<std::size_t> payload_length;
  std::string payload;  ///< what follows the last header, padding included

  std::size_t header_size() const;
  std::string bytes() const;
};

/// Random values, no extension headers, a payload of 1 to 60 bytes.
Ipv6Plan draw_ipv6(Random& random);

/// An extension header of a kind that is measured in units of 8 bytes: 8 · (units + 1) bytes.
Ipv6Plan::Extension draw_extension(Random& random, std::uint8_t number, std::size_t units);

/// An authentication header: 4 · (units + 2) bytes.
Ipv6Plan::Extension draw_authentication(Random& random, std::size_t units);

/// What a fragment header has beside the rest: a byte, and two bits behind the offset.
struct Reserved {
  unsigned byte = 0;
  unsigned bits = 0;
};

/// A fragment header. `units` of 8 bytes are before this part.
Ipv6Plan::Extension draw_fragment_header(Random& random, unsigned units, bool more,
                                         Reserved reserved = {});

struct TcpPlan {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  unsigned reserved = 0;  ///< the 4 bits behind the data offset
  std::uint8_t flags = 0x10;
  std::uint16_t window = 0;
  std::uint16_t checksum = 0;
  std::uint16_t urgent = 0;
  std::string options;             ///< a multiple of 4 bytes
  std::optional<unsigned> offset;  ///< what it says of its own length, in 4 bytes
  std::string payload;

  std::size_t header_size() const { return 20 + options.size(); }
  std::string bytes() const;
};

/// Random values, no options, a payload of up to 60 bytes.
TcpPlan draw_tcp(Random& random);

}  // namespace lab03
