#include "shim.hpp"

#include <csignal>
#include <exception>

#include "crash_report.hpp"
#include "todo.hpp"

namespace dialtone {
namespace {

Answer call_student(const std::map<std::string, Handler>& handlers, Message& request) {
  Answer answer;
  try {
    answer = handlers.at(request.body.at("call").get<std::string>())(request);
  } catch (const Todo& unwritten) {
    answer.body = {{"todo", unwritten.text}};
  } catch (const std::exception& thrown) {
    answer.body = {{"threw", thrown.what()}};
  } catch (...) {
    answer.body = {{"threw", "something that is no std::exception"}};
  }
  // A function that must not throw can only note that it is unwritten.
  if (const char* noted = first_noted_todo.exchange(nullptr); noted != nullptr)
    answer.body["noted_todo"] = noted;
  return answer;
}

}  // namespace

int run_shim(const std::map<std::string, Handler>& handlers) {
  install_crash_report();
  // The judge interrupts system calls with this signal; without SA_RESTART they return EINTR.
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);

  Channel channel{FileDescriptor(channel_number)};
  if (!channel.send({{"ready", true}})) return 1;
  for (;;) {
    Message request;
    // Only the judge's own limits end this wait: it kills a student's process that it no longer
    // needs.
    const auto state = channel.receive(request, std::chrono::hours(1));
    if (state == ChannelState::closed) return 0;
    if (state != ChannelState::message) return 1;
    const Answer answer = call_student(handlers, request);
    if (!channel.send(answer.body, answer.payload, answer.descriptors)) return 1;
  }
}

}  // namespace dialtone
