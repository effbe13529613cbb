// Every prefix of a packet, for each of the four headers.
#include "cases.hpp"
#include "options.hpp"
#include "packets.hpp"

namespace lab03 {
namespace {

struct Whole {
  std::string layer;
  std::string bytes;
  std::size_t header;  ///< bytes of it without which the header is not whole
};

Whole draw_frame_to_cut(Random& random, bool plain) {
  FramePlan frame = draw_frame(random);
  for (auto left = plain ? 0 : random.between(1, 3); left > 0; --left)
    frame.tags.push_back({0x8100, static_cast<std::uint16_t>(random.bits())});
  frame.payload.resize(frame.payload.size() % 20);
  return {"ethernet", frame.bytes(), 14 + 4 * frame.tags.size()};
}

Whole draw_ipv4_to_cut(Random& random, bool plain) {
  Ipv4Plan packet = draw_ipv4(random);
  if (!plain) packet.options = draw_ipv4_options(random, random.between(1, 10));
  packet.payload.resize(packet.payload.size() % 20);
  return {"ipv4", packet.bytes(), packet.header_size()};
}

Whole draw_ipv6_to_cut(Random& random, bool plain) {
  Ipv6Plan packet = draw_ipv6(random);
  for (auto left = plain ? 0 : random.between(1, 3); left > 0; --left) {
    const auto number = random.pick<std::uint8_t>({0, 43, 44, 60});
    packet.extensions.push_back(number == 44 ? draw_fragment_header(random, 0, true)
                                             : draw_extension(random, number, left % 2));
  }
  packet.payload.resize(packet.payload.size() % 20);
  return {"ipv6", packet.bytes(), packet.header_size()};
}

Whole draw_segment_to_cut(Random& random, bool plain) {
  TcpPlan segment = draw_tcp(random);
  segment.reserved = 0;
  if (!plain) {
    const std::size_t size = random.between(1, 10) * 4;
    segment.options = draw_options(random, 6, size, size).bytes();
  }
  segment.payload.resize(segment.payload.size() % 20);
  return {"tcp", segment.bytes(), segment.header_size()};
}

void expect_prefix(Trial& trial, const json& answer, std::size_t size, const Whole& whole) {
  const std::string which = tr("given its first " + std::to_string(size) + " bytes",
                               "只给出前 " + std::to_string(size) + " 个字节时");
  const bool parsed = answer.contains("fields");
  const std::string got =
      parsed ? tr("it was parsed", "解析成功了") : answer.at("error").at("kind").get<std::string>();
  if (size >= whole.header) {
    trial.expect(which, parsed, tr("it is parsed", "应能解析"), got);
    if (whole.layer == "tcp") return;
    const json& payload = answer.at("fields").at("payload");
    trial.expect(which + tr(": the payload lies in them", "：载荷在这些字节之中"),
                 payload.at(1) == 0 || payload.at(0).get<std::int64_t>() >= 0,
                 tr("a part of the bytes given", "所给字节的一段"), tr("elsewhere", "在别处"));
    return;
  }
  trial.expect(which, got == "truncated", "truncated", got);
  trial.expect(which + tr(": the error has a message", "：错误带有消息"),
               !answer.at("error").at("message").get<std::string>().empty(),
               tr("a message", "一条消息"), "\"\"");
}

void every_cut_is_truncated(Trial& trial) {
  using Draw = Whole (*)(Random&, bool);
  constexpr Draw draws[] = {draw_frame_to_cut, draw_ipv4_to_cut, draw_ipv6_to_cut,
                            draw_segment_to_cut};
  const Whole whole = draws[trial.index % 4](trial.random, trial.index < 4);
  trial.input("parse_" + whole.layer + tr(" on every prefix of ", "，依次给出每一个前缀：") +
              hex(whole.bytes));
  trial.step(tr("its header has " + std::to_string(whole.header) + " bytes in all",
                "它的头部共 " + std::to_string(whole.header) + " 个字节"));
  const Message answer =
      trial.student.ask({{"call", "prefixes"}, {"layer", whole.layer}}, whole.bytes);
  for (std::size_t size = 0; size <= whole.bytes.size(); ++size)
    expect_prefix(trial, answer.body.at("value").at(size), size, whole);
}

}  // namespace

std::vector<Case> cut_cases() {
  return {{"every_cut_is_truncated", 160, every_cut_is_truncated}};
}

}  // namespace lab03
