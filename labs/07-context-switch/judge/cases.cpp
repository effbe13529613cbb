#include "cases.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace lab07 {

Pipe::Pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("judge: pipe");
  reads = dialtone::FileDescriptor(ends[0]);
  writes = dialtone::FileDescriptor(ends[1]);
  ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
}

void Pipe::fill(std::size_t bytes) const {
  const std::string text(bytes, 'x');
  if (::write(writes.get(), text.data(), bytes) != static_cast<ssize_t>(bytes))
    throw std::runtime_error("judge: write to a pipe");
}

int draw(Random& random, int low, int high) {
  return low + static_cast<int>(random.between(0, static_cast<std::uint64_t>(high - low)));
}

json take_value(Trial& trial, const std::string& what) {
  Message answer = trial.student.receive(std::chrono::seconds(15));
  if (answer.body.contains("error"))
    trial.fail(what, tr("success", "成功"),
               tr("the failure ", "失败：") + answer.body.at("error").dump());
  return std::move(answer.body.at("value"));
}

json ask(Trial& trial, const json& request, const std::vector<int>& descriptors) {
  trial.student.send(request, {}, descriptors);
  return take_value(trial, request.at("call").get<std::string>());
}

}  // namespace lab07

int main(int argc, char** argv) {
  std::vector<dialtone::Case> cases;
  for (auto& part : {lab07::register_cases(), lab07::context_cases(), lab07::stack_cases(),
                     lab07::thread_cases(), lab07::waiting_cases(), lab07::channel_cases(),
                     lab07::turn_cases(), lab07::outside_cases()})
    std::copy(part.begin(), part.end(), std::back_inserter(cases));
  return dialtone::judge_main(argc, argv, "context-switch", cases);
}
