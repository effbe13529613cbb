// The rules for the whole file: deadlines, descriptors, and the steps that are told.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "cases.hpp"
#include "language.hpp"

namespace lab02 {
namespace {

using dialtone::ample_time;
using dialtone::Bound;
using dialtone::tr;
using Clock = std::chrono::steady_clock;

// --- every wait ends at its deadline ---

/// Says `words` over and over, `pause` milliseconds apart, until the student answers or is too
/// late.
void talk_until_answered(Trial& trial, int socket, std::string_view words, int pause,
                         milliseconds deadline) {
  const auto until = Clock::now() + deadline + dialtone::grace;
  while (!trial.student.has_answered() && Clock::now() < until) {
    dialtone::write_within(socket, words, milliseconds(0));
    poll(nullptr, 0, pause);
  }
}

/// One situation in which the peer gives a waiting program no reason to go on. What it opens lives
/// until the answer has come.
struct Scene {
  FileDescriptor first;
  FileDescriptor second;
};

Scene no_caller(Trial& trial, milliseconds time) {
  Phone phone = wait_for_calls(trial, draw_family(trial.random));
  start_answer_tcp(trial, phone, "?", time);
  return {};
}

Scene silent_caller(Trial& trial, milliseconds time) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  Caller caller = call(trial, phone);
  trial.step(tr("and says nothing", "却一言不发"));
  start_answer_tcp(trial, phone, "?", time);
  return {std::move(caller.socket), {}};
}

Scene caller_that_does_not_listen(Trial& trial, milliseconds time) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  const int small = 4096;  // a window that fills soon; accepted sockets inherit it
  setsockopt(phone.socket.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  Caller caller = call(trial, phone);
  dialtone::write_within(caller.socket.get(), "?", peer_time);
  trial.step(tr("asks, and does not listen to the reply", "问了话，却不听回话"));
  start_answer_tcp(trial, phone, std::string(std::size_t{10} << 20U, 'x'), time);
  return {std::move(caller.socket), {}};
}

Scene caller_that_never_stops_talking(Trial& trial, milliseconds time) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  Caller caller = call(trial, phone);
  trial.step(tr("and talks without end", "并且说个没完"));
  start_answer_tcp(trial, phone, "?", time);
  talk_until_answered(trial, caller.socket.get(), std::string(std::size_t{64} << 10U, 'x'), 0,
                      time);
  return {std::move(caller.socket), {}};
}

Scene silent_server(Trial& trial, milliseconds time) {
  Server server = draw_server(trial);
  trial.step(tr("the callee never says a word", "接电话的人始终不说话"));
  start_call_tcp(trial, server, "?", time);
  return {std::move(server.listener.socket), {}};
}

Scene hearing(Trial& trial, const char* function, bool dripping, milliseconds time) {
  const Server server = draw_server(trial);
  FileDescriptor ours = dialtone::call_loopback(server.family, server.listener.port);
  FileDescriptor theirs = dialtone::accept_within(server.listener.socket.get(), ample_time);
  trial.step(dripping ? tr("the peer drips one byte at a time", "对端一次只滴一个字节")
                      : tr("the peer says nothing", "对端一言不发"));
  start(trial, function, with_deadline({{"call", function}, {"limit", 100'000}}, time), "",
        {theirs.get()});
  if (dripping) talk_until_answered(trial, ours.get(), "x", 5, time);
  return {std::move(ours), std::move(theirs)};
}

Scene silent_peer(Trial& trial, milliseconds time) {
  return hearing(trial, "hear_once", false, time);
}

Scene dripping_peer(Trial& trial, milliseconds time) {
  return hearing(trial, "hear_all", true, time);
}

Scene no_datagram(Trial& trial, milliseconds time) {
  const Phone phone = open_udp(trial, draw_family(trial.random));
  start(trial, "receive_datagram",
        with_deadline({{"call", "receive_datagram"}, {"slot", phone.slot}, {"limit", 100}}, time));
  return {};
}

Scene no_udp_caller(Trial& trial, milliseconds time) {
  const Phone phone = open_udp(trial, draw_family(trial.random));
  start(trial, "answer_udp", with_deadline({{"call", "answer_udp"}, {"slot", phone.slot}}, time),
        "?");
  return {};
}

void every_wait_ends_at_its_deadline(Trial& trial) {
  constexpr struct {
    Scene (*play)(Trial&, milliseconds);
    bool fails;  // the hang-up's end is no failure, and how it went is another case's business
  } waits[] = {{no_caller, true},
               {silent_caller, true},
               {caller_that_does_not_listen, true},
               {caller_that_never_stops_talking, false},
               {silent_server, true},
               {dripping_peer, true},
               {silent_peer, true},
               {dripping_peer, true},
               {no_datagram, true},
               {no_udp_caller, true}};
  const auto& wait = waits[trial.index % std::size(waits)];
  // Drops must fall faster than the deadline even where the judge itself is held up for a while.
  const milliseconds time(wait.play == dripping_peer ? 200 : trial.random.between(50, 90));
  trial.step(tr("deadline: ", "时限：") + std::to_string(time.count()) + " ms");
  const auto begin = Clock::now();
  const Scene scene = wait.play(trial, time);
  const Message answer = trial.student.receive(time + dialtone::grace);
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  const std::string told = std::to_string(took.count()) + " ms";
  trial.expect(
      tr("it ends at the deadline (some lateness is forgiven)", "到时限就结束（允许稍迟）"),
      took <= time + dialtone::grace, std::to_string(time.count()) + " ms", told);
  if (!wait.fails) return;
  expect_kind(trial, answer, "timed_out", trial.input());
  trial.expect(tr("it waited until the deadline", "一直等到时限"), took >= time,
               ">= " + std::to_string(time.count()) + " ms", told);
}

// --- calls of every kind, for what they leave behind and what they tell ---

/// How a call went that the judge played the other end of.
struct Played {
  Message answer;
  std::string number;  ///< where a TCP call came from, or ":PORT" of a UDP call; else empty
};

Played call_that_goes_well(Trial& trial, json request) {
  const Server server = draw_server(trial);
  request.update({{"call", "call_tcp"}, {"address", server.fields}});
  start(trial, "call_tcp(" + server.text + ")", with_deadline(request), "hello");
  FileDescriptor call = pick_up(trial, server);
  const std::string number = peer_text(call.get(), server.family);
  expect_to_hear(trial, call.get(), "hello");
  dialtone::write_within(call.get(), "hi", peer_time);
  call.reset();
  return {trial.student.receive(), number};
}

Played call_to_nobody(Trial& trial, json request) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound nobody = nobody_there(family, SOCK_STREAM);
  request.update({{"call", "call_tcp"}, {"address", address_fields(family, nobody.port)}});
  start(trial, "call_tcp(" + address_text(family, nobody.port) + ")", with_deadline(request),
        "hello");
  return {trial.student.receive(), ""};
}

Played call_that_is_broken_off(Trial& trial, json request) {
  const Server server = draw_server(trial);
  request.update({{"call", "call_tcp"}, {"address", server.fields}});
  start(trial, "call_tcp(" + server.text + ")", with_deadline(request), "hello");
  FileDescriptor call = pick_up(trial, server);
  const std::string number = peer_text(call.get(), server.family);
  expect_to_hear(trial, call.get(), "hello");
  dialtone::reset_connection(call);
  return {trial.student.receive(), number};
}

Played call_without_a_reply(Trial& trial, json request) {
  const Server server = draw_server(trial);
  request.update({{"call", "call_tcp"}, {"address", server.fields}});
  start(trial, "call_tcp(" + server.text + ")", with_deadline(request, milliseconds(30)), "hello");
  return {trial.student.receive(), ""};
}

Played answer_that_goes_well(Trial& trial, json request) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  Caller caller = call(trial, phone);
  dialtone::write_within(caller.socket.get(), "hello", peer_time);
  request.update({{"call", "answer_tcp"}, {"slot", phone.slot}});
  start(trial, "answer_tcp", with_deadline(request), "hi");
  expect_to_hear(trial, caller.socket.get(), "hi");
  caller.socket.reset();
  Message answer = trial.student.receive();
  drop(trial, phone);
  return {std::move(answer), ""};
}

Played answer_to_silence(Trial& trial, json request) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  call(trial, phone).socket.reset();
  request.update({{"call", "answer_tcp"}, {"slot", phone.slot}});
  start(trial, "answer_tcp", with_deadline(request), "hi");
  Message answer = trial.student.receive();
  drop(trial, phone);
  return {std::move(answer), ""};
}

Played answer_without_a_call(Trial& trial, json request) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  request.update({{"call", "answer_tcp"}, {"slot", phone.slot}});
  start(trial, "answer_tcp", with_deadline(request, milliseconds(5)), "hi");
  Message answer = trial.student.receive();
  drop(trial, phone);
  return {std::move(answer), ""};
}

/// Opens and drops again: wait_for_calls or open_udp, on a free port or on a busy one.
Played opening(Trial& trial, json request, const char* function, const Bound* busy,
               LoopbackFamily family) {
  const std::uint16_t port = busy == nullptr ? std::uint16_t{0} : busy->port;
  request.update({{"call", function}, {"address", address_fields(family, port)}});
  start(trial, std::string(function) + "(" + address_text(family, port) + ")", request);
  Message answer = trial.student.receive();
  if (!answer.body.contains("error"))
    trial.student.ask({{"call", "drop"}, {"slot", number_field(answer, "slot")}});
  return {std::move(answer), ""};
}

Played waiting_on_a_free_port(Trial& trial, json request) {
  return opening(trial, std::move(request), "wait_for_calls", nullptr, draw_family(trial.random));
}

Played waiting_on_a_busy_port(Trial& trial, json request) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound busy = dialtone::listen_loopback(family);
  return opening(trial, std::move(request), "wait_for_calls", &busy, family);
}

Played udp_on_a_free_port(Trial& trial, json request) {
  return opening(trial, std::move(request), "open_udp", nullptr, draw_family(trial.random));
}

Played udp_on_a_busy_port(Trial& trial, json request) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound busy = dialtone::bind_loopback(family, SOCK_DGRAM);
  return opening(trial, std::move(request), "open_udp", &busy, family);
}

Played udp_call_that_goes_well(Trial& trial, json request) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound server = dialtone::bind_loopback(family, SOCK_DGRAM);
  request.update({{"call", "call_udp"}, {"address", address_fields(family, server.port)}});
  start(trial, "call_udp(" + address_text(family, server.port) + ")", with_deadline(request),
        "hello");
  const auto letter = take_datagram(trial, server.socket.get(), peer_time);
  if (!letter) nobody_came(trial, "call_udp");
  post(server.socket.get(), family, letter->from, "hi");
  return {trial.student.receive(), ":" + std::to_string(letter->from)};
}

Played udp_call_to_nobody(Trial& trial, json request) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound nobody = nobody_there(family, SOCK_DGRAM);
  const std::uint16_t port = nobody.port;
  request.update({{"call", "call_udp"}, {"address", address_fields(family, port)}});
  // Where the ICMP message is not heeded, a short silence fails just as well.
  start(trial, "call_udp(" + address_text(family, port) + ")",
        with_deadline(request, milliseconds(300)), "hello");
  return {trial.student.receive(), ""};
}

Played udp_answer_that_goes_well(Trial& trial, json request) {
  const Phone phone = open_udp(trial, draw_family(trial.random));
  const Bound caller = dialtone::bind_loopback(phone.family, SOCK_DGRAM);
  post(caller.socket.get(), phone.family, phone.port, "hello");
  request.update({{"call", "answer_udp"}, {"slot", phone.slot}});
  start(trial, "answer_udp", with_deadline(request), "hi");
  Message answer = trial.student.receive();
  drop(trial, phone);
  return {std::move(answer), ""};
}

Played udp_answer_without_a_datagram(Trial& trial, json request) {
  const Phone phone = open_udp(trial, draw_family(trial.random));
  request.update({{"call", "answer_udp"}, {"slot", phone.slot}});
  start(trial, "answer_udp", with_deadline(request, milliseconds(5)), "hi");
  Message answer = trial.student.receive();
  drop(trial, phone);
  return {std::move(answer), ""};
}

struct Kind {
  Played (*play)(Trial&, json);
  bool fails;
  /// What may be told, in order. dial and listen_on of lab 01 take several steps at once: which of
  /// them failed inside need not be known.
  std::vector<std::string> orders;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {call_that_goes_well, false, {"phone sim dial speak listen hang_up"}},
      {call_to_nobody, true, {"phone dial", "phone sim dial", "dial"}},
      {call_without_a_reply, true, {"phone sim dial speak listen"}},
      {answer_that_goes_well, false, {"answer listen speak hang_up"}},
      {answer_to_silence, true, {"answer listen"}},
      {answer_without_a_call, true, {"answer"}},
      {waiting_on_a_free_port, false, {"phone sim wait"}},
      {waiting_on_a_busy_port, true, {"phone sim", "phone sim wait", "phone wait", "sim", "wait"}},
      {udp_on_a_free_port, false, {"phone sim"}},
      {udp_on_a_busy_port, true, {"phone sim"}},
      {udp_call_that_goes_well, false, {"phone sim speak listen"}},
      {udp_call_to_nobody, true, {"phone sim speak listen"}},
      {udp_answer_that_goes_well, false, {"listen speak"}},
      {udp_answer_without_a_datagram, true, {"listen"}},
      {call_that_is_broken_off, true, {"phone sim dial speak listen"}}};
  return all;
}

const Kind& draw_kind(Trial& trial) {
  return trial.index < kinds().size() ? kinds()[trial.index] : trial.random.pick(kinds());
}

/// A round trip: the program has started (its libraries are loaded and closed again), and the shim
/// has let go of what was sent along before.
void settle(Trial& trial) {
  trial.student.ask({{"call", "drop"}, {"slot", -1}});
}

void no_descriptor_is_left(Trial& trial) {
  settle(trial);
  const auto list = [](const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : ", ") + line;
    return text;
  };
  const auto before = trial.student.open_descriptors();
  draw_kind(trial).play(trial, json::object());
  trial.student.ask(
      {{"call", "drop"}, {"slot", -1}});  // the shim has let go of what was sent along
  const auto after = trial.student.open_descriptors();
  trial.expect(
      tr("its descriptors in /proc/PID/fd, as before", "/proc/PID/fd 中的描述符与先前相同"),
      before == after, list(before), list(after));
}

// --- the steps that are told ---

/// The steps of an answer's events, and the call or result of one of them.
std::string order_of(const Message& answer) {
  std::string order;
  for (const json& event : answer.body.value("events", json::array()))
    order += (order.empty() ? "" : " ") + event.at(0).get<std::string>();
  return order;
}

std::string result_of(const Message& answer, const std::string& step) {
  for (const json& event : answer.body.value("events", json::array()))
    if (event.at(0) == step) return event.at(2).get<std::string>();
  return "";
}

void expect_order(Trial& trial, const Message& answer, const Kind& kind) {
  const std::string order = order_of(answer);
  const bool known = std::find(kind.orders.begin(), kind.orders.end(), order) != kind.orders.end();
  trial.expect(tr("the steps that are told", "讲述的步骤"), known, kind.orders.front(), order);
  for (const json& event : answer.body.at("events"))
    trial.expect(tr("each step tells its call and its result", "每一步都说明系统调用和结果"),
                 !event.at(1).get<std::string>().empty() && !event.at(2).get<std::string>().empty(),
                 tr("a text", "一段文字"), event.dump());
  if (!kind.fails) return;
  trial.expect_equal(tr("the result of the step that failed", "失败那一步的结果"),
                     answer.body.at("events").back().at(2).get<std::string>(),
                     answer.body.at("error").value("message", ""));
}

/// While the peer has not replied yet, all steps but the listening must have been told.
void steps_are_told_at_once(Trial& trial) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("judge: pipe");
  const FileDescriptor told(ends[0]);
  FileDescriptor teller(ends[1]);
  const Server server = draw_server(trial);
  start(trial, "call_tcp(" + server.text + ")",
        with_deadline({{"call", "call_tcp"}, {"address", server.fields}, {"live", true}}), "hello",
        {teller.get()});
  teller.reset();
  FileDescriptor call = pick_up(trial, server);
  expect_to_hear(trial, call.get(), "hello");
  trial.step(tr("the callee has not replied yet", "接电话的人还没有回话"));
  const std::string expected = "phone\nsim\ndial\nspeak\n";
  std::string order;
  const auto until = Clock::now() + peer_time;
  while (order.size() < expected.size() && Clock::now() < until) {
    pollfd wait{told.get(), POLLIN, 0};
    poll(&wait, 1, 5);
    char buffer[256];
    const ssize_t count = read(told.get(), buffer, sizeof buffer);
    if (count > 0) order.append(buffer, static_cast<std::size_t>(count));
    if (count == 0 || trial.student.has_answered()) break;
  }
  trial.expect_equal(tr("the steps told so far", "到此为止讲述的步骤"), order, expected);
  dialtone::write_within(call.get(), "hi", peer_time);
  call.reset();
  expect_success(trial, trial.student.receive(), "call_tcp");
}

void steps_are_told_in_order(Trial& trial) {
  const std::size_t plain = kinds().size();
  if (trial.index >= plain && trial.index % 5 == 0) return steps_are_told_at_once(trial);
  const Kind& kind = draw_kind(trial);
  const bool nobody_listens = trial.index >= plain && trial.index % 5 == 1;
  json request = json::object();
  if (nobody_listens) {
    trial.step(tr("the narrator is empty", "没有人听讲述"));
    request["silent"] = true;
  }
  const Played played = kind.play(trial, request);
  if (!kind.fails) expect_success(trial, played.answer, trial.input());
  if (kind.fails && !played.answer.body.contains("error")) return;  // another case's business
  if (nobody_listens) return;
  expect_order(trial, played.answer, kind);
  if (played.number.empty()) return;
  const std::string sim = result_of(played.answer, "sim");
  trial.expect(tr("sim's result: the local address", "sim 的结果：本地地址"),
               sim.find(played.number) != std::string::npos, played.number, sim);
}

}  // namespace

std::vector<Case> whole_file_cases() {
  return {{"every_wait_ends_at_its_deadline", 20, every_wait_ends_at_its_deadline},
          {"no_descriptor_is_left", 100, no_descriptor_is_left},
          {"steps_are_told_in_order", 100, steps_are_told_in_order}};
}

}  // namespace lab02
