// A zombie and an orphan.
#include <unistd.h>

#include "language.hpp"
#include "lives.hpp"
#include "staging.hpp"

namespace process_tour {
namespace {

using dialtone::tr;
using program_and_process::parse_stat;
using program_and_process::parse_status;
using program_and_process::read_proc;

constexpr int last_words = 7;  // the zombie's exit code

pid_t parent_of(pid_t pid) {
  return must(parse_stat(must(read_proc(pid, "stat")))).parent;
}

Ends::Zombie play_zombie() {
  Ends::Zombie seen;
  Actor child = Actor::forked([] { ::_exit(last_words); });
  seen.pid = child.pid();
  child.wait_until_ended();
  const auto status = must(parse_status(must(read_proc(seen.pid, "status"))));
  seen.state = status.state;
  seen.memory = status.resident_bytes.has_value();
  seen.ending = child.wait();
  const auto after = read_proc(seen.pid, "stat");
  seen.gone_after_wait = !after && after.error().kind == Error::Kind::gone;
  return seen;
}

/// A child that forks one of its own and ends at a word from here; the grandchild lives on until
/// the pipe is closed. This process adopts orphans, so that the grandchild comes to it.
Ends::Orphan play_orphan() {
  Ends::Orphan seen;
  seen.this_process = ::getpid();
  Pipe parents = make_pipe();
  Pipe orphans = make_pipe();
  Pipe names = make_pipe();
  Actor parent = Actor::forked([&] {
    ::close(parents.writes.release());
    ::close(orphans.writes.release());
    const pid_t child = ::fork();
    char byte = 0;
    if (child == 0) {  // it waits for the end of its input: its parent's death is part of the play
      [[maybe_unused]] const ssize_t end = ::read(orphans.reads.get(), &byte, 1);
      ::_exit(0);
    }
    [[maybe_unused]] ssize_t done = ::write(names.writes.get(), &child, sizeof child);
    done = ::read(parents.reads.get(), &byte, 1);
  });
  names.writes = Descriptor();
  if (!hear(names.reads, &seen.pid, sizeof seen.pid) || seen.pid <= 0)
    fail(tr("the orphan's parent could not fork", "孤儿的父进程无法 fork"));
  seen.old_parent = parent_of(seen.pid);
  tell(parents.writes);
  parent.wait();
  Actor orphan = Actor::adopted(seen.pid);
  seen.new_parent = parent_of(seen.pid);
  orphans.writes = Descriptor();
  orphan.wait();
  return seen;
}

}  // namespace

Ends play_ends() {
  return {play_zombie(), play_orphan()};
}

void show(const Ends& ends, Page& page) {
  page.heading(tr("3. A zombie and an orphan", "3. 僵尸与孤儿"));
  page.explain(
      tr("Who has ended stays in the table until its parent waits for it. Whose parent has "
         "ended gets another: the nearest ancestor that adopts orphans, else process 1.",
         "结束了的进程留在进程表里，直到父进程 wait。父进程先结束的，会被领养："
         "由最近一个愿意领养孤儿的祖先，否则由 1 号进程。"));
  std::vector<std::vector<std::string>> rows;
  const Ends::Zombie& zombie = ends.zombie;
  const std::string name = std::to_string(zombie.pid);
  rows.push_back({name, tr("has ended, nobody waited", "已经结束，没人 wait"),
                  tr("state ", "状态 ") + std::string(1, zombie.state) + tr(" (", "（") +
                      state_words(zombie.state) + tr(")", "）") +
                      (zombie.memory ? "" : tr(", no memory", "，没有内存"))});
  rows.push_back(
      {name, tr("is waited for: ", "父进程 wait：") + how_it_ended(zombie.ending),
       zombie.gone_after_wait ? tr("nothing: it is gone", "没有了") : tr("still there", "还在")});
  const Ends::Orphan& orphan = ends.orphan;
  const std::string child = std::to_string(orphan.pid);
  rows.push_back({child, tr("its parent is alive", "父进程还在"),
                  tr("parent ", "父进程 ") + std::to_string(orphan.old_parent)});
  rows.push_back(
      {child, tr("its parent has ended", "父进程结束了"),
       tr("parent ", "父进程 ") + std::to_string(orphan.new_parent) +
           (orphan.new_parent == orphan.this_process ? tr(", the tour", "，即本程序") : "")});
  page.table({tr("process", "进程"), tr("what happened", "发生了什么"),
              tr("seen in /proc", "/proc 里看到")},
             rows, {0});
  page.gap();
}

Json to_json(const Ends& ends) {
  const Ends::Zombie& zombie = ends.zombie;
  const Ends::Orphan& orphan = ends.orphan;
  return {{"zombie",
           {{"pid", zombie.pid},
            {"state", std::string(1, zombie.state)},
            {"memory", zombie.memory},
            {"exit_code", zombie.ending.value},
            {"gone_after_wait", zombie.gone_after_wait}}},
          {"orphan",
           {{"pid", orphan.pid},
            {"old_parent", orphan.old_parent},
            {"new_parent", orphan.new_parent},
            {"this_process", orphan.this_process}}}};
}

}  // namespace process_tour
