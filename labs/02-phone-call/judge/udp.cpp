// Both ends of a UDP call and the datagrams by themselves, with the judge at the other end.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "cases.hpp"
#include "language.hpp"

namespace lab02 {
namespace {

using dialtone::Bound;
using dialtone::tr;

constexpr std::size_t usual_limit = 1024;  // what call_udp and answer_udp take of a datagram

/// A UDP socket of the judge's.
struct Party {
  LoopbackFamily family;
  Bound bound;
  json fields;
  std::string text;
  int socket() const { return bound.socket.get(); }
};

Party make_party(LoopbackFamily family) {
  Bound bound = dialtone::bind_loopback(family, SOCK_DGRAM);
  const std::uint16_t port = bound.port;
  return {family, std::move(bound), address_fields(family, port), address_text(family, port)};
}

void start_call_udp(Trial& trial, const Party& server, std::string_view say,
                    milliseconds time = dialtone::ample_time) {
  start(trial, "call_udp(" + server.text + ", " + count_text(say.size()) + ")",
        with_deadline({{"call", "call_udp"}, {"address", server.fields}}, time), say);
}

void start_answer_udp(Trial& trial, const Phone& phone, std::string_view reply) {
  start(trial, "answer_udp(" + count_text(reply.size()) + ")",
        with_deadline({{"call", "answer_udp"}, {"slot", phone.slot}}), reply);
}

Message receive_datagram(Trial& trial, const Phone& phone, std::size_t limit) {
  start(trial, "receive_datagram(limit " + std::to_string(limit) + ")",
        with_deadline({{"call", "receive_datagram"}, {"slot", phone.slot}, {"limit", limit}}));
  Message answer = trial.student.receive();
  expect_success(trial, answer, "receive_datagram");
  return answer;
}

/// The datagram that the student sends to this party, which must hold these bytes.
Letter expect_letter(Trial& trial, const Party& party, std::string_view expected) {
  const auto letter = take_datagram(trial, party.socket(), peer_time);
  if (!letter) nobody_came(trial, tr("the datagram arrives", "数据报到了"));
  expect_bytes(trial, tr("the datagram that arrives", "收到的数据报"), letter->bytes, expected);
  return *letter;
}

std::string draw_words(Trial& trial, std::size_t most) {
  return trial.random.bytes(trial.random.between(1, most));
}

/// An address in 127.0.0.0/8 that no other judge takes meanwhile: with the same seed it draws the
/// same ports. A process number has 22 bits (proc(5), pid_max).
std::string host_of_its_own() {
  const auto number = static_cast<std::uint32_t>(::getpid());
  return "127." + std::to_string(64 + (number >> 16U)) + "." +
         std::to_string(number >> 8U & 0xffU) + "." + std::to_string(number & 0xffU);
}

// --- the phone ---

void phone_is_opened_as_promised(Trial& trial) {
  if (trial.index % 10 == 1) {
    const std::string name = "dialtone-" + std::to_string(trial.random.bits());
    start(trial, "open_udp(unix:@" + name + ")",
          {{"call", "open_udp"}, {"address", {{"family", 3}, {"name", name}, {"port", 0}}}});
    expect_kind(trial, trial.student.receive(), "bad_address", "open_udp");
    return;
  }
  LoopbackFamily family = draw_family(trial.random);
  json fields = address_fields(family, 0);
  if (trial.random.chance(0.5)) {
    family = LoopbackFamily::ipv4;
    fields = address_fields(family, 0);
    fields["name"] = host_of_its_own();
    // Not of those that the kernel chooses from for whoever calls (ip(7), ip_local_port_range).
    fields["port"] = trial.random.between(1024, 32'767);
  }
  const auto port = fields.at("port").get<std::uint16_t>();
  start(trial,
        "open_udp(" + fields.at("name").get<std::string>() + ", " + std::to_string(port) + ")",
        {{"call", "open_udp"}, {"address", fields}});
  Message answer = trial.student.receive();
  const int number = static_cast<int>(number_field(answer, "number"));
  const Phone phone = phone_of(trial, std::move(answer), "open_udp", family);
  if (port != 0) trial.expect_equal(tr("the port it is bound to", "绑定的端口"), phone.port, port);

  trial.step(tr("its flags in /proc/PID/fdinfo", "查看 /proc/PID/fdinfo 中的标志"));
  const std::string info = trial.student.descriptor_info(number);
  const auto at = info.find("flags:");
  const auto flags = at == std::string::npos ? 0 : std::strtoul(info.c_str() + at + 6, nullptr, 8);
  trial.expect_equal("O_NONBLOCK", (flags & O_NONBLOCK) != 0, true);
  trial.expect_equal("O_CLOEXEC", (flags & O_CLOEXEC) != 0, true);
  drop(trial, phone);
}

// --- the caller ---

void call_says_and_hears(Trial& trial) {
  const Party server = make_party(draw_family(trial.random));
  const std::string say = draw_words(trial, trial.random.chance(0.3) ? 20'000 : 1000);
  const std::string reply =
      trial.random.bytes(trial.index == 0 ? usual_limit : trial.random.between(1, 1024));
  start_call_udp(trial, server, say);
  const Letter letter = expect_letter(trial, server, say);
  trial.step(tr("the callee replies", "接电话的人回话"));
  post(server.socket(), server.family, letter.from, reply);
  expect_talk(trial, trial.student.receive(), "call_udp", reply, server.text, reply.size());
}

void call_refused_or_silent(Trial& trial) {
  const LoopbackFamily family = draw_family(trial.random);
  if (trial.index % 10 == 0) {  // a real wait: few of these
    const Party server = make_party(family);
    trial.step(tr("the callee never replies", "接电话的人始终不回话"));
    start_call_udp(trial, server, "?", milliseconds(trial.random.between(60, 120)));
    expect_kind(trial, trial.student.receive(), "timed_out", "call_udp");
    return;
  }
  const Bound nobody = nobody_there(family, SOCK_DGRAM);
  trial.step(tr("nobody has that port: ICMP says so", "没有人占用该端口：ICMP 会告知"));
  start(trial, "call_udp(" + address_text(family, nobody.port) + ")",
        with_deadline({{"call", "call_udp"}, {"address", address_fields(family, nobody.port)}},
                      milliseconds(2000)),
        draw_words(trial, 1000));
  expect_kind(trial, trial.student.receive(), "refused", "call_udp");
}

void call_hears_only_its_server(Trial& trial) {
  const Party server = make_party(draw_family(trial.random));
  const Party stranger = make_party(server.family);
  const std::string say = draw_words(trial, 500);
  const std::string reply = draw_words(trial, 500);
  start_call_udp(trial, server, say);
  const Letter letter = expect_letter(trial, server, say);
  trial.step(tr("a stranger's datagrams arrive first", "陌生人的数据报先到"));
  const std::size_t strange = trial.random.between(1, 3);
  for (std::size_t i = 0; i < strange; ++i)
    post(stranger.socket(), stranger.family, letter.from, draw_words(trial, 500));
  if (trial.random.chance(0.5)) pause(trial.random, 3);
  trial.step(tr("then the callee replies", "然后接电话的人回话"));
  post(server.socket(), server.family, letter.from, reply);
  expect_talk(trial, trial.student.receive(), "call_udp", reply);
}

// --- the callee ---

void answer_replies_to_the_sender(Trial& trial) {
  const Phone phone = open_udp(trial, draw_family(trial.random));
  std::vector<Party> callers;
  for (int i = 0; i < 3; ++i) callers.push_back(make_party(phone.family));
  for (int turn = 0; turn < 4; ++turn) {
    const Party& caller = callers[turn < 2 ? static_cast<std::size_t>(turn)
                                           : trial.random.between(0, callers.size() - 1)];
    const std::string words = draw_words(trial, usual_limit);
    const std::string reply = draw_words(trial, trial.random.chance(0.3) ? 20'000 : 1000);
    trial.step(tr("a datagram from ", "来自以下地址的数据报：") + caller.text);
    post(caller.socket(), caller.family, phone.port, words);
    start_answer_udp(trial, phone, reply);
    expect_talk(trial, trial.student.receive(), "answer_udp", words, caller.text, words.size());
    for (const Party& party : callers) {
      const auto letter = take_datagram_now(party.socket());
      trial.expect(
          tr("the reply arrives at its caller only: ", "回话只到达来电者：") + party.text,
          letter.has_value() == (&party == &caller),
          std::string(&party == &caller ? tr("a datagram", "一个数据报") : tr("nothing", "没有")),
          std::string(letter ? tr("a datagram", "一个数据报") : tr("nothing", "没有")));
      if (letter) expect_bytes(trial, tr("the reply", "回话"), letter->bytes, reply);
    }
  }
  drop(trial, phone);
}

// --- datagrams ---

void boundaries_in(Trial& trial, const Phone& phone, const Party& peer,
                   const std::vector<std::string>& letters) {
  trial.step(tr("the peer sends datagrams, one after the other: ", "对端连发数据报，个数：") +
             std::to_string(letters.size()));
  for (const std::string& letter : letters) post(peer.socket(), peer.family, phone.port, letter);
  for (const std::string& letter : letters) {
    const Message answer = receive_datagram(trial, phone, 2000);
    expect_bytes(trial, "Datagram::bytes", answer.payload, letter);
    trial.expect_equal("Datagram::full_length", number_field(answer, "full_length"), letter.size());
    trial.expect_equal("Datagram::from", field(answer, "from"), peer.text);
  }
}

Message send_datagram(Trial& trial, const Phone& phone, const Party& peer,
                      std::string_view letter) {
  start(trial, "send_datagram(" + count_text(letter.size()) + ")",
        with_deadline({{"call", "send_datagram"}, {"slot", phone.slot}, {"address", peer.fields}}),
        letter);
  return trial.student.receive();
}

void boundaries_out(Trial& trial, const Phone& phone, const Party& peer,
                    const std::vector<std::string>& letters) {
  for (const std::string& letter : letters)
    expect_success(trial, send_datagram(trial, phone, peer, letter), "send_datagram");
  for (const std::string& letter : letters) {
    const auto arrived = take_datagram(trial, peer.socket(), peer_time);
    trial.expect(tr("each arrives as a datagram of its own", "每个都作为单独的数据报到达"),
                 arrived.has_value(), count_text(letter.size()), tr("none", "没有"));
    expect_bytes(trial, tr("the datagram that arrives", "收到的数据报"), arrived->bytes, letter);
  }
}

void too_long_for_a_datagram(Trial& trial, const Phone& phone, const Party& peer) {
  const std::string letter(trial.random.between(65'536, 200'000), 'x');
  const Message answer = send_datagram(trial, phone, peer, letter);
  expect_kind(trial, answer, "system", "send_datagram");
  trial.expect_equal("Error::code", answer.body.at("error").value("code", 0), EMSGSIZE);
  trial.expect(tr("nothing was sent", "什么也没有发出"), !take_datagram_now(peer.socket()),
               tr("nothing", "没有"), tr("a datagram", "一个数据报"));
}

void keep_their_boundaries(Trial& trial) {
  const Phone phone = open_udp(trial, draw_family(trial.random));
  const Party peer = make_party(phone.family);
  std::vector<std::string> letters(trial.random.between(1, 5));
  for (std::string& letter : letters)
    letter = trial.random.chance(0.2) ? "" : draw_words(trial, 2000);
  if (trial.index == 0) letters = {"one", "", "two"};
  boundaries_in(trial, phone, peer, letters);
  boundaries_out(trial, phone, peer, letters);
  if (trial.index % 5 == 0) too_long_for_a_datagram(trial, phone, peer);
  drop(trial, phone);
}

void truncated_is_said(Trial& trial) {
  const Phone phone = open_udp(trial, draw_family(trial.random));
  const Party peer = make_party(phone.family);
  const std::string letter = trial.random.bytes(trial.random.between(1025, 9000));
  trial.step(tr("the peer sends one datagram of ", "对端发来一个数据报，长 ") +
             count_text(letter.size()));
  if (trial.index % 3 == 1) {
    post(peer.socket(), peer.family, phone.port, letter);
    start_answer_udp(trial, phone, "ok");
    expect_talk(trial, trial.student.receive(), "answer_udp", letter.substr(0, usual_limit), "",
                letter.size());
  } else if (trial.index % 3 == 2) {
    start_call_udp(trial, peer, "?");
    const Letter asked = expect_letter(trial, peer, "?");
    post(peer.socket(), peer.family, asked.from, letter);
    expect_talk(trial, trial.student.receive(), "call_udp", letter.substr(0, usual_limit), "",
                letter.size());
  } else {
    const std::size_t limit = trial.random.between(1, letter.size() - 1);
    post(peer.socket(), peer.family, phone.port, letter);
    post(peer.socket(), peer.family, phone.port, "next");
    const Message answer = receive_datagram(trial, phone, limit);
    expect_bytes(trial, "Datagram::bytes", answer.payload, letter.substr(0, limit));
    trial.expect_equal("Datagram::full_length", number_field(answer, "full_length"), letter.size());
    expect_bytes(trial, tr("the next datagram", "下一个数据报"),
                 receive_datagram(trial, phone, limit).payload,
                 std::string_view("next").substr(0, limit));
  }
  drop(trial, phone);
}

std::size_t waiting_bytes(const Phone& phone) {
  int bytes = 0;
  ioctl(phone.socket.get(), FIONREAD, &bytes);
  return static_cast<std::size_t>(bytes);
}

void dropped_are_counted(Trial& trial) {
  const Phone phone = open_udp(trial, draw_family(trial.random));
  const Party peer = make_party(phone.family);
  trial.step(
      tr("its receive queue is made tiny (SO_RCVBUF)", "把它的接收队列调到最小（SO_RCVBUF）"));
  const int smallest = 1;  // the kernel raises it to its minimum
  setsockopt(phone.socket.get(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest);

  std::size_t lost = 0;
  for (int round = 0; round < 2; ++round) {
    const std::size_t sent = trial.random.between(1, 30);
    trial.step(
        tr("the peer sends datagrams while nobody listens: ", "无人接收时对端发来数据报，个数：") +
        std::to_string(sent));
    for (std::size_t i = 0; i < sent; ++i)
      post(peer.socket(), peer.family, phone.port, draw_words(trial, 600));
    std::size_t received = 0;
    while (waiting_bytes(phone) > 0) {
      const Message answer = receive_datagram(trial, phone, 1000);
      const std::size_t told = number_field(answer, "dropped");
      trial.expect("Datagram::dropped", told >= lost && told <= lost + sent,
                   std::to_string(lost) + "…" + std::to_string(lost + sent), std::to_string(told));
      ++received;
    }
    lost += sent - received;
    trial.step(tr("one more datagram, now that the queue is empty", "队列空了之后再发一个数据报"));
    post(peer.socket(), peer.family, phone.port, "now");
    trial.expect_equal("Datagram::dropped",
                       number_field(receive_datagram(trial, phone, 1000), "dropped"), lost);
  }
  drop(trial, phone);
}

}  // namespace

std::vector<Case> udp_cases() {
  return {{"udp_phone_is_opened_as_promised", 100, phone_is_opened_as_promised},
          {"udp_call_says_and_hears", 100, call_says_and_hears},
          {"udp_call_refused_or_silent", 100, call_refused_or_silent},
          {"udp_call_hears_only_its_server", 100, call_hears_only_its_server},
          {"udp_answer_replies_to_the_sender", 100, answer_replies_to_the_sender},
          {"datagrams_keep_their_boundaries", 100, keep_their_boundaries},
          {"truncated_datagram_is_said", 100, truncated_is_said},
          {"dropped_datagrams_are_counted", 100, dropped_are_counted}};
}

}  // namespace lab02
