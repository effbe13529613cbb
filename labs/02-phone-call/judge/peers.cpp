// What the cases' peers have in common: the judge's own sockets, and what it asks of the student.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "cases.hpp"
#include "language.hpp"

namespace lab02 {
namespace {

using dialtone::tr;
using Clock = std::chrono::steady_clock;

std::uint16_t port_in(const sockaddr_storage& address) {
  std::uint16_t port = 0;  // at the same place in sockaddr_in and sockaddr_in6
  std::memcpy(&port, reinterpret_cast<const char*>(&address) + 2, sizeof port);
  return ntohs(port);
}

struct Loopback {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Loopback loopback(LoopbackFamily family, std::uint16_t port) {
  Loopback address;
  if (family == LoopbackFamily::ipv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.length = sizeof in;
    std::memcpy(&address.storage, &in, sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    in.sin6_addr = in6addr_loopback;
    address.length = sizeof in;
    std::memcpy(&address.storage, &in, sizeof in);
  }
  return address;
}

}  // namespace

json address_fields(LoopbackFamily family, std::uint16_t port) {
  return {{"family", family == LoopbackFamily::ipv4 ? 0 : 1},
          {"name", dialtone::loopback_name(family)},
          {"port", port}};
}

std::string address_text(LoopbackFamily family, std::uint16_t port) {
  const std::string name = dialtone::loopback_name(family);
  return (family == LoopbackFamily::ipv4 ? name : "[" + name + "]") + ":" + std::to_string(port);
}

std::string count_text(std::size_t bytes) {
  return std::to_string(bytes) + tr(" bytes", " 字节");
}

dialtone::Bound nobody_there(LoopbackFamily family, int type) {
  const int domain = family == LoopbackFamily::ipv4 ? AF_INET : AF_INET6;
  dialtone::Bound bound{FileDescriptor(::socket(domain, type | SOCK_CLOEXEC, 0)), 0};
  const Loopback any_port = loopback(family, 0);
  // A stream socket that is bound and does not listen refuses calls. A datagram socket that is
  // connected elsewhere is not there for others.
  const Loopback elsewhere = loopback(family, 1);
  if (bind(bound.socket.get(), any_port.get(), any_port.length) != 0 ||
      (type == SOCK_DGRAM && connect(bound.socket.get(), elsewhere.get(), elsewhere.length) != 0))
    throw std::runtime_error(std::string("judge: cannot keep a port: ") + std::strerror(errno));
  bound.port = dialtone::port_of(bound.socket.get());
  return bound;
}

void pause(dialtone::Random& random, std::uint64_t most) {
  poll(nullptr, 0, static_cast<int>(random.between(0, most)));
}

bool ready_before_answer(Trial& trial, int socket, milliseconds time) {
  const auto until = Clock::now() + time;
  for (;;) {
    const bool answered = trial.student.has_answered();
    pollfd wait{socket, POLLIN, 0};
    if (poll(&wait, 1, answered ? 0 : 5) > 0) return true;
    if (answered || Clock::now() >= until) return false;
  }
}

void nobody_came(Trial& trial, std::string_view what) {
  expect_success(trial, trial.student.receive(), what);
  trial.fail(what, tr("the student's program gets through", "学生程序接通"),
             tr("nothing came", "什么也没有收到"));
}

void start(Trial& trial, const std::string& told, const json& request, std::string_view payload,
           const std::vector<int>& descriptors) {
  trial.input(told);
  trial.step(told);
  trial.student.send(request, payload, descriptors);
}

std::string field(const Message& answer, const char* name) {
  if (!answer.body.is_object() || !answer.body.contains("value")) return "";
  const json& value = answer.body.at("value");
  if (!value.is_object() || !value.contains(name)) return "";
  return value[name].is_string() ? value[name].get<std::string>() : value[name].dump();
}

std::size_t number_field(const Message& answer, const char* name) {
  const std::string text = field(answer, name);
  return std::strtoull(text.c_str(), nullptr, 10);
}

void expect_talk(Trial& trial, const Message& answer, std::string_view what, std::string_view heard,
                 const std::string& peer, std::size_t full_length) {
  expect_success(trial, answer, what);
  expect_bytes(trial, "Talk::heard", answer.payload, heard);
  if (!peer.empty()) trial.expect_equal("Talk::peer", field(answer, "peer"), peer);
  if (full_length != 0)
    trial.expect_equal("Talk::full_length", number_field(answer, "full_length"), full_length);
}

Phone phone_of(Trial& trial, Message answer, std::string_view what, LoopbackFamily family) {
  expect_success(trial, answer, what);
  Phone phone{family, static_cast<int>(number_field(answer, "slot")), {}, 0};
  trial.expect(what, answer.descriptors.size() == 1, tr("an open descriptor", "一个打开的描述符"),
               tr("none", "没有"));
  phone.socket = std::move(answer.descriptors.front());
  phone.port = dialtone::port_of(phone.socket.get());
  return phone;
}

Phone wait_for_calls(Trial& trial, LoopbackFamily family) {
  start(trial, "wait_for_calls(" + address_text(family, 0) + ")",
        {{"call", "wait_for_calls"}, {"address", address_fields(family, 0)}});
  return phone_of(trial, trial.student.receive(), "wait_for_calls", family);
}

Phone open_udp(Trial& trial, LoopbackFamily family) {
  start(trial, "open_udp(" + address_text(family, 0) + ")",
        {{"call", "open_udp"}, {"address", address_fields(family, 0)}});
  return phone_of(trial, trial.student.receive(), "open_udp", family);
}

void drop(Trial& trial, const Phone& phone) {
  trial.student.ask({{"call", "drop"}, {"slot", phone.slot}});
}

// --- TCP ---

Server draw_server(Trial& trial) {
  const LoopbackFamily family = draw_family(trial.random);
  dialtone::Bound listener = dialtone::listen_loopback(family);
  const std::uint16_t port = listener.port;
  return {family, std::move(listener), address_fields(family, port), address_text(family, port)};
}

void start_call_tcp(Trial& trial, const Server& server, std::string_view say, milliseconds time) {
  start(trial, "call_tcp(" + server.text + ", " + count_text(say.size()) + ")",
        with_deadline({{"call", "call_tcp"}, {"address", server.fields}}, time), say);
}

void start_answer_tcp(Trial& trial, const Phone& phone, std::string_view reply, milliseconds time) {
  start(trial, "answer_tcp(" + count_text(reply.size()) + ")",
        with_deadline({{"call", "answer_tcp"}, {"slot", phone.slot}}, time), reply);
}

FileDescriptor pick_up(Trial& trial, const Server& server) {
  FileDescriptor call;
  if (ready_before_answer(trial, server.listener.socket.get()))
    call = dialtone::accept_within(server.listener.socket.get(), milliseconds(0));
  if (!call) nobody_came(trial, tr("the call arrives", "电话打到了"));
  return call;
}

Caller call(Trial& trial, const Phone& phone) {
  trial.step(tr("a caller comes", "来了一个电话"));
  Caller caller{dialtone::call_loopback(phone.family, phone.port), ""};
  trial.expect(tr("a caller gets through", "来电能接通"), bool(caller.socket),
               tr("connected", "接通"), std::strerror(errno));
  caller.text = address_text(phone.family, dialtone::port_of(caller.socket.get()));
  return caller;
}

void expect_to_hear(Trial& trial, int socket, std::string_view expected) {
  std::string heard;
  const auto until = Clock::now() + peer_time;
  while (heard.size() < expected.size()) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    const auto part = dialtone::read_within(socket, expected.size() - heard.size(), left);
    if (!part || part->empty()) break;
    heard += *part;
  }
  expect_bytes(trial, tr("what the other end hears", "另一端听到的内容"), heard, expected);
}

std::string peer_text(int socket, LoopbackFamily family) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return "";
  return address_text(family, port_in(address));
}

// --- UDP ---

std::optional<Letter> take_datagram_now(int socket) {
  Letter letter{std::string(std::size_t{1} << 16U, '\0')};
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  const ssize_t count = recvfrom(socket, letter.bytes.data(), letter.bytes.size(), MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&from), &length);
  if (count < 0) return std::nullopt;
  letter.bytes.resize(static_cast<std::size_t>(count));
  letter.from = port_in(from);
  return letter;
}

std::optional<Letter> take_datagram(Trial& trial, int socket, milliseconds time) {
  if (!ready_before_answer(trial, socket, time)) return std::nullopt;
  return take_datagram_now(socket);
}

void post(int socket, LoopbackFamily family, std::uint16_t port, std::string_view bytes) {
  const Loopback to = loopback(family, port);
  if (sendto(socket, bytes.data(), bytes.size(), 0, to.get(), to.length) < 0)
    throw std::runtime_error(std::string("judge: sendto: ") + std::strerror(errno));
}

}  // namespace lab02
