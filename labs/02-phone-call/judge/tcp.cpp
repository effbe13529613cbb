// Both ends of a TCP call, with the judge at the other one.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "cases.hpp"
#include "language.hpp"

namespace lab02 {
namespace {

using dialtone::Heard;
using dialtone::tr;
using Clock = std::chrono::steady_clock;

std::string draw_words(Trial& trial, std::size_t most) {
  return trial.random.bytes(trial.random.between(1, most));
}

// --- the caller ---

void call_says_and_hears(Trial& trial) {
  const Server server = draw_server(trial);
  const std::size_t most = trial.random.chance(0.2) ? 100'000 : 3000;
  const std::string say = trial.index == 0 ? "" : draw_words(trial, most);
  const std::string reply = draw_words(trial, 1000);
  start_call_tcp(trial, server, say);
  FileDescriptor call = pick_up(trial, server);
  expect_to_hear(trial, call.get(), say);
  trial.step(tr("the callee replies and hangs up", "接电话的人回话并挂断"));
  dialtone::write_within(call.get(), reply, peer_time);
  call.reset();
  expect_talk(trial, trial.student.receive(), "call_tcp", reply, server.text, reply.size());
}

/// The callee's words in pieces, with pauses, and the hang-up.
void reply_in_pieces(Trial& trial, FileDescriptor call, std::string_view reply) {
  trial.step(tr("the callee replies in pieces, with pauses, and hangs up: ",
                "接电话的人断断续续地回话，然后挂断：") +
             count_text(reply.size()));
  const std::size_t most = std::max<std::size_t>(reply.size() / 2, 1);
  while (!reply.empty()) {
    const std::size_t piece = std::min(trial.random.between(1, most), reply.size());
    dialtone::write_within(call.get(), reply.substr(0, piece), peer_time);
    reply.remove_prefix(piece);
    pause(trial.random, 3);
  }
}

void call_hears_to_the_end(Trial& trial) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  const Server server = draw_server(trial);
  const std::string say = draw_words(trial, 100);
  const std::size_t size = trial.index == 0   ? mebibyte - 1
                           : trial.index == 1 ? mebibyte + 1
                                              : trial.random.between(2, 5000);
  const std::string reply = trial.random.bytes(size);
  start_call_tcp(trial, server, say);
  FileDescriptor call = pick_up(trial, server);
  expect_to_hear(trial, call.get(), say);
  reply_in_pieces(trial, std::move(call), reply);
  const Message answer = trial.student.receive();
  if (size <= mebibyte) return expect_talk(trial, answer, "call_tcp", reply);
  trial.expect(tr("it hears at most 1 MiB", "最多听 1 MiB"),
               answer.body.contains("error") || answer.payload.size() <= mebibyte,
               count_text(mebibyte), count_text(answer.payload.size()));
}

void call_nobody_listening(Trial& trial) {
  const LoopbackFamily family = draw_family(trial.random);
  const dialtone::Bound nobody = nobody_there(family, SOCK_STREAM);
  trial.step(tr("nobody listens there", "那里没有人在听"));
  start(trial, "call_tcp(" + address_text(family, nobody.port) + ")",
        with_deadline({{"call", "call_tcp"}, {"address", address_fields(family, nobody.port)}}),
        "?");
  expect_kind(trial, trial.student.receive(), "refused", "call_tcp");
}

void expect_broken(Trial& trial, const Message& answer, const char* what, std::size_t moved) {
  expect_kind(trial, answer, "broken", what);
  trial.expect_equal("Error::moved", answer.body.at("error").value("moved", std::size_t{0}), moved);
}

void hearing_is_broken_off(Trial& trial) {
  const Server server = draw_server(trial);
  FileDescriptor ours = dialtone::call_loopback(server.family, server.listener.port);
  FileDescriptor theirs =
      dialtone::accept_within(server.listener.socket.get(), dialtone::ample_time);
  const std::string part = draw_words(trial, 2000);
  start(trial, "hear_all", with_deadline({{"call", "hear_all"}, {"limit", 5000}}), "",
        {theirs.get()});
  theirs.reset();
  trial.step(tr("the peer breaks off (RST) in mid-sentence, after ",
                "对端话说到一半断线（RST），此前说了 ") +
             count_text(part.size()));
  dialtone::write_within(ours.get(), part, peer_time);
  if (trial.random.chance(0.5)) pause(trial.random, 2);
  dialtone::reset_connection(ours);
  expect_broken(trial, trial.student.receive(), "hear_all", part.size());
}

void call_reset_is_an_error(Trial& trial) {
  if (trial.index % 2 == 1) return hearing_is_broken_off(trial);
  const Server server = draw_server(trial);
  const std::string say = draw_words(trial, 100);
  start_call_tcp(trial, server, say);
  FileDescriptor call = pick_up(trial, server);
  expect_to_hear(trial, call.get(), say);
  trial.step(tr("the callee breaks off (RST)", "接电话的人中途断线（RST）"));
  if (trial.random.chance(0.5)) pause(trial.random, 2);
  dialtone::reset_connection(call);
  expect_broken(trial, trial.student.receive(), "call_tcp", 0);
}

// --- the callee ---

void waiting_has_room_for_callers(Trial& trial) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  trial.step(tr("five callers come before anyone answers", "无人接听时先后来了五个电话"));
  sockaddr_storage there{};
  socklen_t length = sizeof there;
  getsockname(phone.socket.get(), reinterpret_cast<sockaddr*>(&there), &length);
  std::vector<FileDescriptor> callers;
  for (int i = 0; i < 5; ++i) {
    callers.emplace_back(::socket(there.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (connect(callers.back().get(), reinterpret_cast<const sockaddr*>(&there), length) != 0 &&
        errno != EINPROGRESS)
      throw std::runtime_error("judge: cannot call a loopback port");
  }
  int waiting = 0;
  for (const FileDescriptor& caller : callers) {
    pollfd wait{caller.get(), POLLOUT, 0};
    if (poll(&wait, 1, 600) == 1 && (wait.revents & (POLLERR | POLLHUP)) == 0) ++waiting;
  }
  trial.expect_equal(tr("callers that found room", "排上队的来电数"), waiting, 5);
  drop(trial, phone);
}

void answer_hears_and_replies(Trial& trial) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  const std::string words =
      trial.random.bytes(trial.index == 1 ? 1024 : trial.random.between(1, 1024));
  const std::string reply = trial.index == 0 ? "" : draw_words(trial, 5000);
  const bool early = trial.random.chance(0.5);
  if (!early) start_answer_tcp(trial, phone, reply);
  Caller caller = call(trial, phone);
  trial.step(tr("the caller says ", "打电话的人说 ") + count_text(words.size()));
  dialtone::write_within(caller.socket.get(), words, peer_time);
  if (early) start_answer_tcp(trial, phone, reply);
  expect_to_hear(trial, caller.socket.get(), reply);
  caller.socket.reset();
  expect_talk(trial, trial.student.receive(), "answer_tcp", words, caller.text, words.size());
  drop(trial, phone);
}

void answer_caller_without_a_word(Trial& trial) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  const std::string reply = draw_words(trial, 100);
  const bool early = trial.random.chance(0.5);
  if (!early) start_answer_tcp(trial, phone, reply);
  Caller silent = call(trial, phone);
  trial.step(tr("and hangs up without a word", "一言不发就挂断了"));
  if (trial.random.chance(0.3))
    shutdown(silent.socket.get(), SHUT_WR);
  else
    silent.socket.reset();
  if (early) start_answer_tcp(trial, phone, reply);
  expect_kind(trial, trial.student.receive(), "end_of_stream", "answer_tcp");

  Caller next = call(trial, phone);
  const std::string words = draw_words(trial, 100);
  dialtone::write_within(next.socket.get(), words, peer_time);
  start_answer_tcp(trial, phone, reply);
  expect_to_hear(trial, next.socket.get(), reply);
  next.socket.reset();
  expect_talk(trial, trial.student.receive(), "answer_tcp", words);
  drop(trial, phone);
}

void expect_whole_reply(Trial& trial, int socket, const std::string& reply) {
  const Heard heard = dialtone::hear_to_the_end(socket, reply.size() + 1, peer_time);
  expect_bytes(trial, tr("the reply as the caller hears it", "打电话的人听到的回话"), heard.bytes,
               reply);
  trial.expect(
      tr("how the reply ends", "回话如何结束"), heard.ended,
      tr("end of stream (FIN)", "流结束（FIN）"),
      std::string(heard.broken ? tr("connection reset (RST)", "连接被重置（RST）")
                               : tr("nothing: the line stays open", "没有结束，线路一直开着")));
}

/// The caller hears the reply's end and still talks on: the callee must listen, not reset the line.
void talk_on(Trial& trial, int socket) {
  trial.step(tr("the caller talks on, and then hangs up", "打电话的人又说了几句才挂断"));
  for (int i = 0; i < 3; ++i) {
    const bool heard = dialtone::write_within(socket, trial.random.bytes(200), peer_time);
    trial.expect(tr("talking on after the reply", "回话之后继续说"), heard,
                 tr("the callee listens on", "接电话的人继续听"),
                 tr("connection reset (RST)", "连接被重置（RST）"));
    poll(nullptr, 0, 1);
  }
}

void answer_hangs_up_in_order(Trial& trial) {
  const Phone phone = wait_for_calls(trial, draw_family(trial.random));
  Caller caller = call(trial, phone);
  const std::string words = trial.random.bytes(trial.random.between(1025, 6000));
  const std::string reply = draw_words(trial, 20'000);
  trial.step(tr("the caller says ", "打电话的人说 ") + count_text(words.size()));
  dialtone::write_within(caller.socket.get(), words, peer_time);

  const bool stays = trial.index < 3;  // a real wait: few of these
  const milliseconds time = stays ? milliseconds(150) : dialtone::ample_time;
  const auto begin = Clock::now();
  start_answer_tcp(trial, phone, reply, time);
  if (trial.random.chance(0.5)) pause(trial.random, 2);
  expect_whole_reply(trial, caller.socket.get(), reply);
  if (stays) {
    trial.step(tr("the caller does not hang up", "打电话的人迟迟不挂断"));
  } else {
    talk_on(trial, caller.socket.get());
    caller.socket.reset();
  }
  expect_talk(trial, trial.student.receive(), "answer_tcp", words.substr(0, 1024));
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  if (stays)
    trial.expect(tr("it waited for the caller until the deadline", "一直等打电话的人到时限"),
                 took >= time, ">= 150 ms", std::to_string(took.count()) + " ms");
  drop(trial, phone);
}

}  // namespace

std::vector<Case> tcp_cases() {
  return {{"tcp_call_says_and_hears", 100, call_says_and_hears},
          {"tcp_call_hears_to_the_end", 100, call_hears_to_the_end},
          {"tcp_call_nobody_listening", 100, call_nobody_listening},
          {"tcp_call_reset_is_an_error", 100, call_reset_is_an_error},
          {"tcp_waiting_has_room_for_callers", 100, waiting_has_room_for_callers},
          {"tcp_answer_hears_and_replies", 100, answer_hears_and_replies},
          {"tcp_answer_caller_without_a_word", 100, answer_caller_without_a_word},
          {"tcp_answer_hangs_up_in_order", 100, answer_hangs_up_in_order}};
}

}  // namespace lab02
