// Carries lab 02's code for the judge. Descriptors that the student's functions return stay here,
// in numbered slots, until the judge asks to drop them; a copy goes to the judge.
#include <unistd.h>

#include "judge/socket_answers.hpp"
#include "phone_call.hpp"

namespace {

using namespace socket_answers;
using namespace phone_call;

const char* name_of(Step step) {
  constexpr const char* names[] = {"phone",  "sim",   "dial",   "wait",
                                   "answer", "speak", "listen", "hang_up"};
  const auto number = static_cast<std::size_t>(step);
  return number < std::size(names) ? names[number] : "?";
}

std::size_t limit_of(const Message& request) {
  return request.body.at("limit").get<std::size_t>();
}

/// Keeps what a student's function tells: in the answer, and at once on a pipe of the judge's where
/// the request holds one ("live").
class Listener {
 public:
  explicit Listener(const Message& request) {
    if (request.body.value("live", false)) pipe_ = request.descriptors.back().get();
    if (request.body.value("silent", false)) return;
    tell_ = [this](const Event& event) {
      events_.push_back({name_of(event.step), event.call, event.result});
      const std::string line = std::string(name_of(event.step)) + "\n";
      if (pipe_ >= 0 && ::write(pipe_, line.data(), line.size()) < 0) pipe_ = -1;
    };
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const Narrator& tell() const { return tell_; }

  Answer with_events(Answer answer) {
    answer.body["events"] = std::move(events_);
    return answer;
  }

 private:
  int pipe_ = -1;
  json events_ = json::array();
  Narrator tell_;
};

Answer heard(const Result<std::string>& text) {
  if (!text) return failed(text.error());
  Answer answer = value(nullptr);
  answer.payload = *text;
  return answer;
}

Answer told(const Result<Talk>& talk) {
  if (!talk) return failed(talk.error());
  Answer answer = value({{"peer", to_string(talk->peer)}, {"full_length", talk->full_length}});
  answer.payload = talk->heard;
  return answer;
}

Answer done(const Result<void>& result) {
  return result ? value(nullptr) : failed(result.error());
}

/// Keeps the descriptor and gives the judge a copy of it.
Answer share(Result<Descriptor> made) {
  Answer answer = keep(std::move(made));
  if (!answer.body.contains("value")) return answer;
  const int number = answer.body["value"]["number"].get<int>();
  if (number >= 0) answer.descriptors.push_back(number);
  return answer;
}

Answer hear_once_there(Message& request) {
  return heard(hear_once(socket_of(request), limit_of(request), deadline_of(request)));
}

Answer hear_all_there(Message& request) {
  return heard(hear_all(socket_of(request), limit_of(request), deadline_of(request)));
}

Answer finish(Message& request) {
  return done(finish_speaking(socket_of(request)));
}

Answer caller_tcp(Message& request) {
  Listener listener(request);
  return listener.with_events(
      told(call_tcp(address_of(request), request.payload, deadline_of(request), listener.tell())));
}

Answer waiter_tcp(Message& request) {
  Listener listener(request);
  return listener.with_events(share(wait_for_calls(address_of(request), listener.tell())));
}

Answer callee_tcp(Message& request) {
  Listener listener(request);
  return listener.with_events(
      told(answer_tcp(socket_of(request), request.payload, deadline_of(request), listener.tell())));
}

Answer opener_udp(Message& request) {
  Listener listener(request);
  return listener.with_events(share(open_udp(address_of(request), listener.tell())));
}

Answer receive_one(Message& request) {
  const auto datagram =
      receive_datagram(socket_of(request), limit_of(request), deadline_of(request));
  if (!datagram) return failed(datagram.error());
  Answer answer = value({{"full_length", datagram->full_length},
                         {"from", to_string(datagram->from)},
                         {"dropped", datagram->dropped}});
  answer.payload = datagram->bytes;
  return answer;
}

Answer send_one(Message& request) {
  return done(send_datagram(socket_of(request), request.payload, address_of(request),
                            deadline_of(request)));
}

Answer caller_udp(Message& request) {
  Listener listener(request);
  return listener.with_events(
      told(call_udp(address_of(request), request.payload, deadline_of(request), listener.tell())));
}

Answer callee_udp(Message& request) {
  Listener listener(request);
  return listener.with_events(
      told(answer_udp(socket_of(request), request.payload, deadline_of(request), listener.tell())));
}

}  // namespace

int main() {
  return dialtone::run_shim({{"hear_once", hear_once_there},
                             {"hear_all", hear_all_there},
                             {"finish_speaking", finish},
                             {"call_tcp", caller_tcp},
                             {"wait_for_calls", waiter_tcp},
                             {"answer_tcp", callee_tcp},
                             {"open_udp", opener_udp},
                             {"receive_datagram", receive_one},
                             {"send_datagram", send_one},
                             {"call_udp", caller_udp},
                             {"answer_udp", callee_udp},
                             {"drop", drop}});
}
