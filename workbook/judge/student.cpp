#include "student.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "crash_report.hpp"
#include "language.hpp"

namespace dialtone {

FileDescriptor make_sink() {
  FileDescriptor sink(memfd_create("output", MFD_CLOEXEC));
  if (!sink) throw std::runtime_error("cannot make a file in memory for the student's output");
  return sink;
}

namespace {

/// What every process of a student's is started within.
Command students_command(const std::filesystem::path& path, int output_sink) {
  Command command;
  command.arguments = {path.string()};
  command.directory = "/";
  command.environment = std::vector<std::string>{"PATH=/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8"};
  command.descriptors = {{1, output_sink}, {2, output_sink}};
  command.limits.cpu_seconds = 20;
  command.limits.file_bytes = std::uint64_t{16} << 20U;
  command.limits.descriptors = Student::most_descriptors;
  // The address sanitizer reserves terabytes of addresses.
  if (!under_sanitizers()) command.limits.memory_bytes = std::uint64_t{512} << 20U;
  return command;
}

}  // namespace

Child launch_student(const std::filesystem::path& path, int channel, int output_sink) {
  Command command = students_command(path, output_sink);
  command.descriptors.emplace_back(channel_number, channel);
  return Child(command);
}

Child launch_students_server(const std::filesystem::path& path,
                             const std::vector<std::string>& options, int output_sink) {
  Command command = students_command(path, output_sink);
  command.arguments.insert(command.arguments.end(), options.begin(), options.end());
  command.limits.file_bytes = std::uint64_t{256} << 20U;
  command.deny_exec = true;
  return Child(command);
}

Student::Student(const std::filesystem::path& program)
    : Student(std::filesystem::absolute(program), make_channel()) {}

Student::Student(std::filesystem::path program, std::pair<Channel, Channel> ends)
    : program_(std::move(program)),
      output_(make_sink()),
      channel_(std::move(ends.first)),
      child_(launch_student(program_, ends.second.get(), output_.get())) {}

void Student::send(const nlohmann::json& request, std::string_view payload,
                   const std::vector<int>& descriptors) {
  await_start();
  expect_silence();
  if (!channel_.send(request, payload, descriptors)) explain_death();
}

void Student::await_start() {
  if (started_) return;
  try {
    take_message(answer_time);
  } catch (const StudentFault& fault) {
    if (fault.kind != StudentFault::Kind::timed_out) throw;
    throw StudentFault{
        StudentFault::Kind::not_started,
        tr("the program does not get as far as main: ", "程序没有运行到 main：") + fault.text};
  }
  started_ = true;
}

Message Student::receive(std::chrono::milliseconds time) {
  Message answer = take_message(time);
  const auto noted = [&answer](const char* name) {
    return answer.body.contains(name) && answer.body[name].is_string();
  };
  for (const char* name : {"todo", "noted_todo"})
    if (noted(name))
      throw StudentFault{StudentFault::Kind::todo, answer.body[name].get<std::string>()};
  if (answer.body.contains("threw"))
    throw StudentFault{StudentFault::Kind::threw, tr("an exception came out: ", "抛出了异常：") +
                                                      answer.body.at("threw").dump()};
  // The shim's have one of the two.
  if (!answer.body.contains("value") && !answer.body.contains("error"))
    throw StudentFault{
        StudentFault::Kind::malformed,
        tr("what came back holds neither a value nor an error", "返回的内容既没有值，也没有错误")};
  return answer;
}

Message Student::take_message(std::chrono::milliseconds time) {
  Message answer;
  switch (channel_.receive(answer, time)) {
    case ChannelState::message:
      break;
    case ChannelState::timed_out:
      throw StudentFault{
          StudentFault::Kind::timed_out,
          tr("no answer within ", "没有按时回答，时限 ") + std::to_string(time.count()) + " ms"};
    case ChannelState::closed:
      explain_death();
    case ChannelState::malformed:
      throw StudentFault{StudentFault::Kind::malformed,
                         tr("what came back is not an answer", "返回的内容不是回答")};
  }
  return answer;
}

Message Student::ask(const nlohmann::json& request, std::string_view payload,
                     const std::vector<int>& descriptors) {
  send(request, payload, descriptors);
  return receive();
}

void Student::expect_silence() {
  if (channel_.has_unread())
    throw StudentFault{StudentFault::Kind::extra_answer,
                       tr("more than one answer came", "收到了不止一个回答")};
}

std::vector<std::string> Student::open_descriptors() {
  await_start();
  return descriptors_of(child_.pid());
}

std::string Student::descriptor_info(int number) const {
  return proc_file("fdinfo/" + std::to_string(number));
}

std::vector<int> Student::threads() const {
  return threads_of(child_.pid());
}

std::string Student::proc_file(const std::string& name) const {
  return dialtone::proc_file(child_.pid(), name);
}

std::uint64_t Student::memory(const std::string& field) {
  await_start();
  return memory_of(child_.pid(), field);
}

void Student::limit_descriptors(std::uint64_t limit) const {
  const rlimit limits{limit, most_descriptors};
  if (prlimit(child_.pid(), RLIMIT_NOFILE, &limits, nullptr) != 0)
    throw std::runtime_error("judge: prlimit of a student's process");
}

void Student::interrupt() const {
  kill(child_.pid(), SIGUSR1);
}

std::string Student::output(std::size_t limit) const {
  std::string text(limit, '\0');
  const ssize_t count = pread(output_.get(), text.data(), limit, 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

void Student::explain_death() {
  const auto ending = child_.wait_for(std::chrono::seconds(1));
  if (!ending) child_.kill_now();
  std::string text(tr("the program ended in mid-case: ", "程序在答题中途结束："));
  text += ending ? describe(*ending) : tr("it closed its channel", "它关闭了通道");
  const std::string report = output(std::size_t{64} << 10U);
  const std::string source = crash_place(report, program_, "");
  if (!source.empty()) text += tr(", at ", "，位于 ") + source;
  if (const auto sanitizer = report.find("SUMMARY: "); sanitizer != std::string::npos)
    text += "; " + report.substr(sanitizer, report.find('\n', sanitizer) - sanitizer);
  throw StudentFault{StudentFault::Kind::crashed, text};
}

}  // namespace dialtone
