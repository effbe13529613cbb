// Addresses and byte order. Every expected answer is put together here, from the parts that the
// text is made of; nothing is parsed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "cases.hpp"
#include "language.hpp"

namespace lab01 {
namespace {

using dialtone::Message;
using dialtone::Random;
using dialtone::tr;
using dialtone::Trial;
using nlohmann::json;

constexpr std::size_t longest_unix_name = 107;

struct Sample {
  std::string text;
  json fields;
};

std::uint16_t draw_port(Trial& trial) {
  if (trial.index == 0) return 0;
  if (trial.index == 1) return 65535;
  return static_cast<std::uint16_t>(trial.random.between(0, 65535));
}

Sample draw_ipv4(Trial& trial) {
  std::string name;
  for (int i = 0; i < 4; ++i) {
    const auto octet = trial.index == 0 ? 0 : trial.index == 1 ? 255 : trial.random.between(0, 255);
    name += (i > 0 ? "." : "") + std::to_string(octet);
  }
  const std::uint16_t port = draw_port(trial);
  return {name + ":" + std::to_string(port), address_fields(ipv4, name, port)};
}

/// An IPv6 address in its shortest form (RFC 5952), and the same with every group written out.
struct V6 {
  std::string canonical;
  std::string full;
  in6_addr binary;
};

V6 draw_v6(Random& random) {
  V6 drawn{};
  // Group 0 keeps clear of ::, ::ffff:a.b.c.d and the like, whose spelling is a matter of its own.
  std::uint16_t groups[8];
  for (auto& group : groups)
    group = random.chance(0.4) ? 0 : static_cast<std::uint16_t>(random.between(1, 0xffff));
  groups[0] = static_cast<std::uint16_t>(random.between(0x2000, 0x3fff));
  char group_text[8];
  for (int i = 0; i < 8; ++i) {
    std::snprintf(group_text, sizeof group_text, "%x", groups[i]);
    drawn.full += (i > 0 ? ":" : "") + std::string(group_text);
    drawn.binary.s6_addr[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8U);
    drawn.binary.s6_addr[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xffU);
  }
  char canonical[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &drawn.binary, canonical, sizeof canonical);
  drawn.canonical = canonical;
  return drawn;
}

std::string draw_name(Trial& trial) {
  const std::size_t size = trial.index == 0   ? longest_unix_name
                           : trial.index == 1 ? 1
                                              : trial.random.between(1, longest_unix_name);
  return trial.random.text(size, "abcdefghijklmnopqrstuvwxyz0123456789_-.:[]/");
}

Message parse(Trial& trial, const std::string& text) {
  trial.input(dialtone::printable(text, 160));
  return trial.student.ask({{"call", "parse_address"}}, text);
}

void expect_parsed(Trial& trial, const Sample& sample) {
  trial.step("parse_address(" + dialtone::printable(sample.text, 160) + ")");
  const Message answer = parse(trial, sample.text);
  expect_success(trial, answer, tr("the address is read", "地址被读入"));
  trial.expect(tr("the fields of the address", "地址的各字段"),
               answer.body.at("value") == sample.fields, sample.fields.dump(),
               answer.body.at("value").dump());
}

void expect_printed(Trial& trial, const json& fields, const std::string& text) {
  trial.step("to_string(" + fields.dump() + ")");
  const Message answer = trial.student.ask({{"call", "to_string"}, {"address", fields}});
  trial.expect(tr("the address as text", "地址的文本"), answer.body.at("value") == text, text,
               answer.body.at("value").dump());
}

void ipv4_addresses(Trial& trial) {
  const Sample sample = draw_ipv4(trial);
  expect_parsed(trial, sample);
  expect_printed(trial, sample.fields, sample.text);
}

void ipv6_addresses(Trial& trial) {
  V6 v6 = draw_v6(trial.random);
  if (trial.index == 0) v6 = {"::1", "0:0:0:0:0:0:0:1", in6addr_loopback};
  if (trial.index == 1) v6 = {"::", "0:0:0:0:0:0:0:0", in6addr_any};
  const std::uint16_t port = draw_port(trial);
  const std::string tail = "]:" + std::to_string(port);
  const std::string name = trial.random.chance(0.5) ? v6.canonical : v6.full;
  trial.step("parse_address(\"[" + name + tail + "\")");
  const Message answer = parse(trial, "[" + name + tail);
  expect_success(trial, answer, tr("the address is read", "地址被读入"));
  const json& fields = answer.body.at("value");
  in6_addr binary{};
  const bool same = fields.value("family", -1) == ipv6 && fields.value("port", -1) == port &&
                    inet_pton(AF_INET6, fields.value("name", "").c_str(), &binary) == 1 &&
                    std::memcmp(&binary, &v6.binary, sizeof binary) == 0;
  trial.expect(tr("the fields of the address", "地址的各字段"), same,
               address_fields(ipv6, v6.canonical, port).dump(), fields.dump());
  expect_printed(trial, address_fields(ipv6, v6.full, port), "[" + v6.canonical + tail);
}

void unix_addresses(Trial& trial) {
  const std::string name = draw_name(trial);
  const std::string path = "/" + name.substr(1);
  const Sample by_path{"unix:" + path, address_fields(unix_path, path)};
  const Sample abstract{"unix:@" + name, address_fields(unix_abstract, name)};
  for (const Sample& sample : {by_path, abstract}) {
    expect_parsed(trial, sample);
    expect_printed(trial, sample.fields, sample.text);
  }
}

/// A text that is nearly an address: each wrong in one way.
std::string draw_no_address(Trial& trial) {
  Random& random = trial.random;
  const std::string port = std::to_string(random.between(1, 65535));
  const std::string octet = std::to_string(random.between(0, 255));
  const std::string v4 = octet + ".0.0." + octet;
  const std::string v6 = draw_v6(random).canonical;
  const std::vector<std::string> wrong = {
      "",
      v4,
      v4 + ":",
      v4 + ":" + std::to_string(random.between(65536, 99999)),
      v4 + ":" + std::to_string(random.between(100000, 9999999)),
      v4 + ":000080",
      v4 + ":+" + octet,
      v4 + ":-1",
      v4 + ": " + octet,
      v4 + ":" + octet + " ",
      v4 + ":" + octet + "x",
      " " + v4 + ":" + port,
      ":" + port,
      octet + "." + octet + "." + octet + ":" + port,
      v4 + "." + octet + ":" + port,
      std::to_string(random.between(256, 999)) + ".0.0.1:" + port,
      "01.2.3.4:" + port,
      "1.2.3.-4:" + port,
      "1..3.4:" + port,
      "localhost:" + port,
      v6 + ":" + port,
      "[" + v6 + "]",
      "[" + v6 + ":" + port,
      "[" + v6 + "]" + port,
      "[" + v6 + "]:",
      "[" + v6 + ":1:2:3:4:5:6:7:8]:" + port,
      "[2001::5::7]:" + port,
      "[12345::1]:" + port,
      "[" + v4 + "]:" + port,
      "[]:" + port,
      "unix:",
      "unix:@",
      "unix:/" + random.text(longest_unix_name, "abc"),
      "unix:@" + random.text(longest_unix_name + 1, "abc"),
      std::string("127.0.0.1\0:80", 13),
      std::string("unix:/a\0b", 9),
  };
  return trial.index < wrong.size() ? wrong[trial.index] : random.pick(wrong);
}

void what_is_no_address_is_refused(Trial& trial) {
  const std::string text = draw_no_address(trial);
  trial.step("parse_address(" + dialtone::printable(text, 160) + ")");
  const Message answer = parse(trial, text);
  expect_kind(trial, answer, "bad_address", tr("it is refused", "被拒绝"));
  const std::string message = answer.body.at("error").value("message", "");
  // The reason is whatever the message says beyond the text itself.
  const bool names_the_text =
      text.find('\0') != std::string::npos || message.find(text) != std::string::npos;
  trial.expect(tr("the message holds the text and the reason", "消息包含原文和原因"),
               names_the_text && message.size() >= text.size() + 10,
               tr("the text, and what is wrong with it", "原文，以及错在哪里"),
               dialtone::printable(message, 200));
}

// --- sockaddr ---

std::string system_bytes(const json& fields) {
  const std::string name = fields.at("name");
  const std::uint16_t port = htons(fields.at("port").get<std::uint16_t>());
  std::string bytes;
  const auto put = [&bytes](const auto& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  switch (fields.at("family").get<int>()) {
    case ipv4: {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_port = port;
      inet_pton(AF_INET, name.c_str(), &in.sin_addr);
      put(in);
      return bytes;
    }
    case ipv6: {
      sockaddr_in6 in{};
      in.sin6_family = AF_INET6;
      in.sin6_port = port;
      inet_pton(AF_INET6, name.c_str(), &in.sin6_addr);
      put(in);
      return bytes;
    }
    case unix_path:
      put(sa_family_t{AF_UNIX});
      return bytes + name + '\0';
    default:
      put(sa_family_t{AF_UNIX});
      return bytes + '\0' + name;
  }
}

json draw_fields(Trial& trial) {
  switch (trial.index % 4) {
    case ipv4:
      return draw_ipv4(trial).fields;
    case ipv6:
      return address_fields(ipv6, draw_v6(trial.random).canonical, draw_port(trial));
    case unix_path:
      return address_fields(unix_path, "/" + draw_name(trial).substr(1));
    default:
      return address_fields(unix_abstract, draw_name(trial));
  }
}

void addresses_for_the_system(Trial& trial) {
  const json fields = draw_fields(trial);
  trial.input(fields.dump());
  trial.step("to_system(" + fields.dump() + ")");
  const Message answer = trial.student.ask({{"call", "to_system"}, {"address", fields}});
  expect_success(trial, answer, tr("the address is turned into a sockaddr", "地址被转成 sockaddr"));
  expect_bytes(trial, tr("the bytes of the sockaddr", "sockaddr 的字节"), answer.payload,
               system_bytes(fields));

  trial.step(tr("the same with a name that is none", "换成一个不是地址的名字，再来一次"));
  json wrong = fields;
  wrong["name"] = fields.at("family").get<int>() >= unix_path ? std::string() : std::string("x");
  const Message refused = trial.student.ask({{"call", "to_system"}, {"address", wrong}});
  expect_kind(trial, refused, "bad_address", tr("it is refused", "被拒绝"));
}

void addresses_from_the_system(Trial& trial) {
  json fields = draw_fields(trial);
  std::string bytes = system_bytes(fields);
  if (trial.index == 4) {  // a unix socket bound to nothing: the family alone
    fields = address_fields(unix_path, "");
    bytes.assign(reinterpret_cast<const char*>(system_bytes(fields).data()), sizeof(sa_family_t));
  }
  trial.input(fields.dump());
  trial.step("from_system(" + dialtone::printable(bytes) + ")");
  const Message answer = trial.student.ask({{"call", "from_system"}}, bytes);
  expect_success(trial, answer, tr("the sockaddr is read", "sockaddr 被读入"));
  trial.expect(tr("the address", "地址"), answer.body.at("value") == fields, fields.dump(),
               answer.body.at("value").dump());

  trial.step(tr("a family that is none of the four", "一个不认识的地址族"));
  const sa_family_t unknown = AF_NETLINK;
  const std::string strange(reinterpret_cast<const char*>(&unknown), sizeof unknown);
  const Message refused =
      trial.student.ask({{"call", "from_system"}}, strange + std::string(10, '\0'));
  expect_kind(trial, refused, "system", tr("it is refused", "被拒绝"));
}

// --- byte order ---

/// The number's decimal digits of base 256, most significant first.
std::string wire_bytes(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i-- > 0; number /= 256) bytes[i] = static_cast<char>(number % 256);
  return bytes;
}

std::uint64_t draw_number(Trial& trial, std::size_t size) {
  if (trial.index == 0) return size == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * size)) - 1;
  if (trial.index == 1) return 1;
  const std::string digits = trial.random.bytes(size);
  std::uint64_t number = 0;
  for (const char digit : digits) number = number * 256 + static_cast<unsigned char>(digit);
  return number;
}

void numbers_to_the_wire(Trial& trial) {
  for (const std::size_t size : {2U, 4U, 8U}) {
    const std::uint64_t number = draw_number(trial, size);
    trial.input(std::to_string(number));
    trial.step("to_wire(" + std::to_string(number) + "), " + std::to_string(8 * size) + " bits");
    const Message answer =
        trial.student.ask({{"call", "wire"}, {"bits", 8 * size}, {"number", number}});
    trial.expect_equal(tr("the bytes on the wire", "线路上的字节"), answer.payload,
                       wire_bytes(number, size));
  }
}

void numbers_from_the_wire(Trial& trial) {
  for (const std::size_t size : {2U, 4U, 8U}) {
    const std::uint64_t number = draw_number(trial, size);
    const std::string bytes = wire_bytes(number, size);
    trial.input(dialtone::printable(bytes));
    trial.step("from_wire(" + dialtone::printable(bytes) + ")");
    const Message answer = trial.student.ask({{"call", "wire"}, {"bits", 8 * size}}, bytes);
    trial.expect(tr("the number", "数值"), answer.body.at("value") == number,
                 std::to_string(number), answer.body.at("value").dump());
  }
}

}  // namespace

json address_fields(Family family, const std::string& name, std::uint16_t port) {
  return {{"family", static_cast<int>(family)}, {"name", name}, {"port", port}};
}

json loopback_fields(dialtone::LoopbackFamily family, std::uint16_t port) {
  return address_fields(family == dialtone::LoopbackFamily::ipv4 ? ipv4 : ipv6,
                        dialtone::loopback_name(family), port);
}

std::string loopback_text(dialtone::LoopbackFamily family, std::uint16_t port) {
  const std::string name = dialtone::loopback_name(family);
  return (family == dialtone::LoopbackFamily::ipv4 ? name : "[" + name + "]") + ":" +
         std::to_string(port);
}

std::string fresh_name(Random& random) {
  return "dialtone-judge-" + std::to_string(getpid()) + "-" + std::to_string(random.bits());
}

std::vector<Case> address_cases() {
  return {{"ipv4_addresses", 200, ipv4_addresses},
          {"ipv6_addresses", 200, ipv6_addresses},
          {"unix_addresses", 200, unix_addresses},
          {"what_is_no_address_is_refused", 200, what_is_no_address_is_refused},
          {"addresses_for_the_system", 200, addresses_for_the_system},
          {"addresses_from_the_system", 200, addresses_from_the_system},
          {"numbers_to_the_wire", 200, numbers_to_the_wire},
          {"numbers_from_the_wire", 200, numbers_from_the_wire}};
}

}  // namespace lab01
