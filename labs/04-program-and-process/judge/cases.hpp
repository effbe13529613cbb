// The graded cases of lab 04, by part of the contract, and what they have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hex.hpp"
#include "judge.hpp"
#include "language.hpp"
#include "peer.hpp"
#include "reports.hpp"

namespace lab04 {

using dialtone::Case;
using dialtone::Message;
using dialtone::tr;
using dialtone::Trial;

std::vector<Case> starting_cases();
std::vector<Case> redirecting_cases();
std::vector<Case> failing_cases();
std::vector<Case> pipeline_cases();
std::vector<Case> ending_cases();
std::vector<Case> waiting_cases();
std::vector<Case> stat_cases();
std::vector<Case> status_cases();
std::vector<Case> maps_cases();
std::vector<Case> proc_cases();

// --- what the student's functions are asked ---

/// The student's Program.
struct Program {
  std::vector<std::string> arguments;
  std::optional<std::vector<std::string>> environment;
  std::vector<std::pair<int, int>> redirections;  ///< {child, parent}
};
json fields_of(const Program& program);

/// One call, told as a step; the story's input when it has none yet.
Message ask(Trial& trial, const std::string& told, const json& request,
            std::string_view payload = {}, const std::vector<int>& descriptors = {});

/// "spawn(…)", as a story tells it.
std::string story_of(const Program& program);

/// spawn; the answer, whatever it is.
Message ask_spawn(Trial& trial, const Program& program);
/// spawn that must succeed, and the number it gives.
pid_t spawn(Trial& trial, const Program& program);

json pipeline_request(const std::vector<Program>& programs, int in, int out);
std::string story_of(const std::vector<Program>& programs, int in, int out);
Message ask_pipeline(Trial& trial, const std::vector<Program>& programs, int in = -1, int out = -1);
/// start_pipeline that must succeed with as many numbers.
std::vector<pid_t> start_pipeline(Trial& trial, const std::vector<Program>& programs, int in = -1,
                                  int out = -1);

/// The message of an error, as the student wrote it.
std::string message_of(const json& error);

/// The call succeeded; a failure is told with its message.
void succeeded(Trial& trial, const Message& answer, std::string_view what);
/// An error of that kind; it is returned.
json failed(Trial& trial, const Message& answer, std::string_view kind, std::string_view what);
/// Any error.
json failed(Trial& trial, const Message& answer, std::string_view what);

// --- what surrounds them, by the shim ---

struct Place {
  std::size_t which;  ///< of the descriptors sent along
  int number;         ///< in the student's process
  bool close_on_exec = true;
};
/// Puts descriptors at numbers in the student's process, and closes others there, until "unplace".
void place(Trial& trial, const std::vector<int>& descriptors, const std::vector<Place>& places,
           const std::vector<int>& close = {});
void unplace(Trial& trial);

/// Starts a program as a child of the student's process, without the student's code.
pid_t start_child(Trial& trial, const std::vector<std::string>& words);
/// A witness so started, once it has reported.
Report start_witness(Trial& trial, const Reports& reports);

/// Waits for a child of the student's process and collects it, without the student's code: the raw
/// status; nothing where it is none of its children.
std::optional<int> collect(Trial& trial, pid_t child);

/// The next report; fails the story where none comes.
Report next_report(Trial& trial, const Reports& reports);

// --- processes, from outside ---

struct Seen {
  char state = '?';
  pid_t parent = 0;
};
/// What /proc tells of a process; nothing where there is none.
std::optional<Seen> look_at(pid_t process);

/// Waits until the process is a zombie or gone.
void await_end(Trial& trial, pid_t process);

/// The children of a process, zombies included.
std::vector<pid_t> children_of(pid_t process);

/// The student's process has no child but these.
void expect_children(Trial& trial, const std::vector<pid_t>& expected);

/// Its descriptors are the same as before; `what` names the call.
void expect_same_descriptors(Trial& trial, const std::vector<std::string>& before,
                             std::string_view what);

/// Ends and collects what students' processes that are gone have left to the judge; `living` is the
/// one of now.
void collect_orphans(pid_t living);

/// Files in memory to redirect to, each with an identity of its own.
struct MemoryFiles {
  explicit MemoryFiles(std::size_t count);
  std::vector<FileDescriptor> files;
  std::vector<int> numbers() const;
};

struct Pipe {
  Pipe();
  FileDescriptor reading;
  FileDescriptor writing;
};

/// A number as a story shows it beside its name.
std::string list_of(const std::vector<int>& numbers);

}  // namespace lab04
