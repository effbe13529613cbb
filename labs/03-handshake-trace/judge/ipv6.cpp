// IPv6 and its extension headers; fragments of both versions.
#include "cases.hpp"
#include "packets.hpp"

namespace lab03 {
namespace {

std::string told(const Ipv6Plan& packet, const std::string& bytes) {
  std::string names;
  for (const auto& extension : packet.extensions)
    names += (names.empty() ? "" : ", ") + std::to_string(extension.number) + " (" +
             std::to_string(extension.bytes.size()) + tr(" bytes)", " 个字节)");
  if (names.empty()) names = tr("none", "无");
  return tr("IPv6: extension headers: ", "IPv6：扩展头部：") + names +
         tr("; " + std::to_string(bytes.size()) + " bytes are there",
            "；实有 " + std::to_string(bytes.size()) + " 个字节");
}

// --- fragments ---

void fragment_of_v4(Trial& trial) {
  Random& random = trial.random;
  Ipv4Plan packet = draw_ipv4(random);
  struct Corner {
    unsigned flags;
    unsigned units;
  };
  const std::vector<Corner> corners = {{1, 0}, {0, 185}, {1, 185},  {0, 0},
                                       {2, 0}, {6, 0},   {0, 8191}, {1, 1}};
  const std::size_t which = trial.index / 2;
  packet.fragment_flags =
      which < corners.size() ? corners[which].flags : static_cast<unsigned>(random.between(0, 7));
  packet.fragment_offset = which < corners.size() ? corners[which].units
                           : random.chance(0.3)   ? 0
                                                  : static_cast<unsigned>(random.between(1, 8191));
  const json answer =
      parse(trial, "ipv4", packet.bytes(),
            tr("IPv4: flags " + std::to_string(packet.fragment_flags) + ", fragment offset " +
                   std::to_string(packet.fragment_offset) + " times 8 bytes",
               "IPv4：标志位 " + std::to_string(packet.fragment_flags) + "，片偏移 " +
                   std::to_string(packet.fragment_offset) + " 个 8 字节"));
  expect_fields(trial, answer,
                {{"more_fragments", packet.fragment_flags % 2 == 1},
                 {"fragment_offset", 8 * packet.fragment_offset}});
}

void fragment_of_v6(Trial& trial) {
  Random& random = trial.random;
  Ipv6Plan packet = draw_ipv6(random);
  struct Corner {
    unsigned units;
    bool more;
    std::uint8_t protocol;
  };
  // Behind an offset no header begins, not even where the number is an extension header's.
  const std::vector<Corner> corners = {{0, true, 6},    {181, true, 6}, {181, false, 60},
                                       {0, false, 6},   {1, false, 0},  {8191, false, 44},
                                       {1000, true, 51}};
  const std::size_t which = trial.index / 2;
  Corner now;
  if (which < corners.size()) {
    now = corners[which];
  } else {
    now.units = static_cast<unsigned>(random.chance(0.3) ? 0 : random.between(1, 8191));
    now.more = random.chance(0.5);
    now.protocol = now.units == 0 ? random.pick<std::uint8_t>({6, 17, 58})
                                  : random.pick<std::uint8_t>({6, 17, 0, 43, 44, 51, 60, 135});
  }
  packet.protocol = now.protocol;
  const Reserved reserved{0, static_cast<unsigned>(random.between(0, 3))};
  packet.extensions.push_back(draw_fragment_header(random, now.units, now.more, reserved));
  const std::string bytes = packet.bytes();
  const json answer = parse(trial, "ipv6", bytes,
                            told(packet, bytes) + tr("; fragment offset ", "；片偏移 ") +
                                std::to_string(now.units) + tr(" times 8 bytes", " 个 8 字节"));
  expect_fields(trial, answer,
                {{"more_fragments", now.more},
                 {"fragment_offset", 8 * now.units},
                 {"protocol", now.protocol},
                 {"payload", place(48, packet.payload.size())}});
}

void fragments_are_said_to_be_fragments(Trial& trial) {
  if (trial.index % 2 == 0)
    fragment_of_v4(trial);
  else
    fragment_of_v6(trial);
}

// --- extension headers ---

Ipv6Plan::Extension draw_any_extension(Random& random, std::uint8_t number) {
  if (number == 44)
    return draw_fragment_header(random, 0, random.chance(0.5),
                                {static_cast<unsigned>(random.between(0, 20)), 0});
  if (number == 51) return draw_authentication(random, random.between(0, 9));
  return draw_extension(random, number, random.between(0, 3));
}

std::vector<Ipv6Plan::Extension> draw_extensions(Trial& trial) {
  Random& random = trial.random;
  const std::vector<std::vector<std::uint8_t>> corners = {
      {},           {0},      {43},         {60},    {135}, {51}, {44}, {0, 43, 44, 51, 60, 135},
      {51, 60, 51}, {44, 60}, {60, 60, 60}, {43, 44}};
  std::vector<std::uint8_t> numbers;
  if (trial.index < corners.size())
    numbers = corners[trial.index];
  else
    for (auto left = random.between(0, 4); left > 0; --left)
      numbers.push_back(random.pick<std::uint8_t>({0, 43, 44, 51, 60, 135}));
  std::vector<Ipv6Plan::Extension> extensions;
  for (const std::uint8_t number : numbers)
    extensions.push_back(draw_any_extension(random, number));
  return extensions;
}

void expect_v6(Trial& trial, const Ipv6Plan& packet, const std::string& bytes,
               std::size_t payload_length, std::size_t there) {
  expect_fields(trial, parse(trial, "ipv6", bytes, told(packet, bytes)),
                {{"source", packed(packet.source)},
                 {"source is v6", true},
                 {"destination", packed(packet.destination)},
                 {"destination is v6", true},
                 {"hops", packet.hops},
                 {"protocol", packet.protocol},
                 {"payload_length", payload_length},
                 {"payload", place(packet.header_size(), there)}});
}

void expect_v6_refused(Trial& trial, const Ipv6Plan& packet, const char* kind) {
  const std::string bytes = packet.bytes();
  expect_refused(trial, parse(trial, "ipv6", bytes, told(packet, bytes)), {kind});
}

void ipv6_extension_headers(Trial& trial) {
  Random& random = trial.random;
  Ipv6Plan packet = draw_ipv6(random);
  packet.extensions = draw_extensions(trial);
  packet.protocol = random.pick<std::uint8_t>({6, 6, 17, 58, 59, 50, 132, 255});
  const std::size_t size = packet.payload.size();
  std::string bytes = packet.bytes();
  const std::size_t way = trial.index < 12 ? 0 : trial.index % 8;
  if (way == 1) {  // padding behind it
    packet.payload_length = packet.header_size() - 40 + size;
    packet.payload += std::string(random.between(1, 20), '\0');
    return expect_v6(trial, packet, packet.bytes(), size, size);
  }
  if (way == 2) {  // cut in the payload
    const std::size_t gone = random.between(1, size);
    bytes.resize(bytes.size() - gone);
    return expect_v6(trial, packet, bytes, size, size - gone);
  }
  if (way == 3) {  // all that is there
    packet.payload_length = 0;
    return expect_v6(trial, packet, packet.bytes(), size, size);
  }
  if (way == 4) {
    packet.version = random.pick<unsigned>({4, 5, 7, 0, 15});
    return expect_v6_refused(trial, packet, "bad_version");
  }
  if (way == 5) {  // its last extension header ends behind it
    packet.extensions.push_back(draw_extension(random, 60, random.between(0, 3)));
    packet.payload_length = packet.header_size() - 40 - random.between(1, 6);
    return expect_v6_refused(trial, packet, "bad_length");
  }
  expect_v6(trial, packet, bytes, size, size);
}

}  // namespace

std::vector<Case> fragment_cases() {
  return {{"fragments_are_said_to_be_fragments", 200, fragments_are_said_to_be_fragments}};
}

std::vector<Case> ipv6_cases() {
  return {{"ipv6_extension_headers", 250, ipv6_extension_headers}};
}

}  // namespace lab03
