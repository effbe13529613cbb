#include "lives.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "drawn_text.hpp"
#include "language.hpp"
#include "staging.hpp"

namespace process_tour {
namespace {

using dialtone::tr;
using program_and_process::Mapping;
using program_and_process::parse_maps;
using program_and_process::parse_status;
using program_and_process::read_proc;

std::uint64_t inode_of(const std::string& path) {
  struct stat seen {};
  if (::stat(path.c_str(), &seen) != 0) fail(path + ": " + std::strerror(errno));
  return seen.st_ino;
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "0x%llx", static_cast<unsigned long long>(number));
  return digits.data();
}

std::string permissions(const Mapping& mapping) {
  return {mapping.readable ? 'r' : '-', mapping.writable ? 'w' : '-',
          mapping.executable ? 'x' : '-', mapping.shared ? 's' : 'p'};
}

}  // namespace

// --- one program, two processes --------------------------------------------------------------

Twins play_twins() {
  Twins twins;
  twins.file = this_program();
  twins.inode = inode_of("/proc/self/exe");
  std::vector<Player> players;
  for (int i = 0; i < 2; ++i) {
    players.push_back(play({"count"}));
    twins.processes.push_back({players.back().actor.pid(), 0, 0});
  }
  for (const std::size_t who : {0, 1, 1, 0, 1, 1, 0, 1}) {  // now the one, now the other
    tell(players[who].to);
    std::uint64_t& counter = twins.processes[who].counter;
    if (!hear(players[who].from, &counter, sizeof counter))
      fail(tr("the process that counts ended too early", "计数的进程过早结束"));
  }
  for (Twins::One& one : twins.processes)
    one.inode = inode_of("/proc/" + std::to_string(one.pid) + "/exe");
  for (Player& player : players) {
    player.to = Descriptor();  // the end of its input
    player.actor.wait();
  }
  return twins;
}

void show(const Twins& twins, Page& page) {
  page.heading(tr("1. One program, two processes", "1. 一个程序，两个进程"));
  page.explain(
      tr("A program is a file. Started twice, it is two processes: each with a number and a "
         "memory of its own.",
         "程序是一个文件。启动两次就是两个进程：各有各的进程号，各有各的内存。"));
  page.line(tr("program file ", "程序文件 ") + safe(twins.file));
  std::vector<std::vector<std::string>> rows;
  for (const Twins::One& one : twins.processes)
    rows.push_back(
        {std::to_string(one.pid),
         std::to_string(one.inode) + (one.inode == twins.inode ? tr(", the same", "，同一个") : ""),
         std::to_string(one.counter)});
  page.table({tr("process", "进程"), tr("runs the file with inode", "运行的文件 inode"),
              tr("has counted to", "数到")},
             rows, {0, 2});
  page.gap();
}

Json to_json(const Twins& twins) {
  Json processes = Json::array();
  for (const Twins::One& one : twins.processes)
    processes.push_back({{"pid", one.pid}, {"inode", one.inode}, {"counter", one.counter}});
  return {{"file", twins.file}, {"inode", twins.inode}, {"processes", processes}};
}

// --- fork ------------------------------------------------------------------------------------

namespace {

/// What a process has of a stretch of memory: shared with others, or its own.
struct Holding {
  std::optional<std::uint64_t> shared, own;
};

/// Adds up the lines "Shared_Clean: 4 kB" and so on of the stretch that begins at `address`.
Holding holding(pid_t pid, std::uint64_t address) {
  const auto smaps = read_proc(pid, "smaps");
  if (!smaps) return {};
  const std::string begin = hexadecimal(address).substr(2) + "-";
  std::size_t at = smaps->starts_with(begin) ? 0 : smaps->find("\n" + begin);
  if (at == std::string::npos) return {};
  std::uint64_t shared = 0;
  std::uint64_t own = 0;
  const std::size_t end = std::min(smaps->find("\nVmFlags", at), smaps->size());
  for (const auto& [name, sum] : {std::pair{"\nShared_Clean:", &shared},
                                  {"\nShared_Dirty:", &shared},
                                  {"\nPrivate_Clean:", &own},
                                  {"\nPrivate_Dirty:", &own}}) {
    std::size_t number = smaps->find(name, at);
    if (number >= end) return {};
    number = smaps->find_first_not_of(' ', number + std::strlen(name));
    std::uint64_t kilobytes = 0;
    std::from_chars(smaps->data() + number, smaps->data() + end, kilobytes);
    *sum += kilobytes * 1024;
  }
  return {shared, own};
}

/// A stretch of private memory with something on each page; unmapped with its owner.
class Stretch {
 public:
  explicit Stretch(std::size_t bytes) : bytes_(bytes) {
    const std::size_t page = page_size();
    // Between pages that nobody may touch, so that it stands by itself in maps.
    memory_ = ::mmap(nullptr, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) fail(std::string("mmap: ") + std::strerror(errno));
    ::mprotect(begin(), bytes, PROT_READ | PROT_WRITE);
    ::madvise(begin(), bytes, MADV_NOHUGEPAGE);
    std::memset(begin(), 1, bytes);
  }
  Stretch(const Stretch&) = delete;
  Stretch& operator=(const Stretch&) = delete;
  ~Stretch() { ::munmap(memory_, bytes_ + 2 * page_size()); }

  char* begin() const { return static_cast<char*>(memory_) + page_size(); }

 private:
  static std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

  std::size_t bytes_;
  void* memory_ = nullptr;
};

}  // namespace

Forked play_fork() {
  Forked seen;
  seen.bytes = std::size_t{64} * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const Stretch stretch(seen.bytes);
  volatile char* value = stretch.begin();
  seen.address = reinterpret_cast<std::uint64_t>(stretch.begin());
  seen.value_before = static_cast<unsigned char>(*value);
  for (const Mapping& mapping : must(parse_maps(must(read_proc(::getpid(), "maps")))))
    if (mapping.begin == seen.address) seen.permissions = permissions(mapping);

  Pipe to = make_pipe();
  Pipe from = make_pipe();
  Actor child = Actor::forked([&] {
    char byte = 0;
    ::close(to.writes.release());
    if (::read(to.reads.get(), &byte, 1) != 1) return;
    *value = 2;
    byte = *value;
    if (::write(from.writes.get(), &byte, 1) != 1) return;
    [[maybe_unused]] const ssize_t end = ::read(to.reads.get(), &byte, 1);
  });
  from.writes = Descriptor();
  seen.parent.pid = ::getpid();
  seen.child.pid = child.pid();
  for (Forked::Side* side : {&seen.parent, &seen.child}) {
    side->parent = must(parse_status(must(read_proc(side->pid, "status")))).parent;
    const Holding before = holding(side->pid, seen.address);
    side->shared_before = before.shared;
    side->own_before = before.own;
  }
  tell(to.writes);
  char written = 0;
  if (!hear(from.reads, &written, 1))
    fail(tr("the forked process ended too early", "fork 出的进程过早结束"));
  seen.child.value = static_cast<unsigned char>(written);
  seen.parent.value = static_cast<unsigned char>(*value);
  for (Forked::Side* side : {&seen.parent, &seen.child}) {
    const Holding after = holding(side->pid, seen.address);
    side->shared_after = after.shared;
    side->own_after = after.own;
  }
  to.writes = Descriptor();
  child.wait();
  return seen;
}

void show(const Forked& forked, Page& page) {
  page.heading(tr("2. A fork: parent and child", "2. fork：父进程与子进程"));
  page.explain(
      tr("After a fork both run the same text and have the same memory. The kernel copies a "
         "page only when one of them writes to it (copy on write).",
         "fork 之后，父子运行同样的代码，内存内容也相同。只有当一方写某一页时，内核才复制那一页"
         "（写时复制）。"));
  std::vector<std::vector<std::string>> rows;
  const std::string address = hexadecimal(forked.address);
  rows.push_back(
      {tr("address (", "地址（") + forked.permissions + tr(")", "）"), address, address});
  const auto held = [&](std::optional<std::uint64_t> shared, std::optional<std::uint64_t> own) {
    return size_text(shared) + tr(" shared, ", " 共享，") + size_text(own) + tr(" own", " 独有");
  };
  if (forked.parent.shared_before) {
    rows.push_back({tr("before the child writes", "子进程写之前"),
                    held(forked.parent.shared_before, forked.parent.own_before),
                    held(forked.child.shared_before, forked.child.own_before)});
    rows.push_back({tr("after it wrote one byte", "写了一个字节之后"),
                    held(forked.parent.shared_after, forked.parent.own_after),
                    held(forked.child.shared_after, forked.child.own_after)});
  }
  rows.push_back({tr("value at the address", "该地址上的值"), std::to_string(forked.parent.value),
                  std::to_string(forked.child.value)});
  page.table({"", tr("parent ", "父进程 ") + std::to_string(forked.parent.pid),
              tr("child ", "子进程 ") + std::to_string(forked.child.pid)},
             rows);
  page.gap();
}

namespace {

Json side_to_json(const Forked::Side& side) {
  Json json{{"pid", side.pid}, {"parent", side.parent}, {"value", side.value}};
  if (side.shared_before && side.shared_after)
    json["bytes"] = {{"before", {{"shared", *side.shared_before}, {"own", *side.own_before}}},
                     {"after", {{"shared", *side.shared_after}, {"own", *side.own_after}}}};
  return json;
}

}  // namespace

Json to_json(const Forked& forked) {
  return {{"address", hexadecimal(forked.address)}, {"bytes", forked.bytes},
          {"permissions", forked.permissions},      {"value_before", forked.value_before},
          {"parent", side_to_json(forked.parent)},  {"child", side_to_json(forked.child)}};
}

// --- exec ------------------------------------------------------------------------------------

namespace {

Execed::Look look_at(pid_t pid) {
  Execed::Look look;
  look.pid = pid;
  look.name = must(parse_status(must(read_proc(pid, "status")))).name;
  const std::vector<Mapping> maps = must(parse_maps(must(read_proc(pid, "maps"))));
  look.mappings = maps.size();
  std::array<char, 4096> file{};
  const std::string link = "/proc/" + std::to_string(pid) + "/exe";
  const ssize_t length = ::readlink(link.c_str(), file.data(), file.size());
  if (length > 0) look.file.assign(file.data(), static_cast<std::size_t>(length));
  for (const Mapping& mapping : maps) {
    if (!mapping.executable || mapping.path != look.file) continue;
    look.code = hexadecimal(mapping.begin);
    break;
  }
  return look;
}

std::string outcome_of(const Program& program) {
  auto child = Actor::try_spawn(program);
  return child ? how_it_ended(child->wait()) : child.error().message;
}

}  // namespace

Execed play_exec() {
  Execed seen;
  Pipe ready = make_pipe();
  Player player = play({"become", "cat"}, {{3, ready.writes.get()}});
  ready.writes = Descriptor();
  char byte = 0;
  if (!hear(ready.reads, &byte, 1))
    fail(tr("the process that is to exec ended too early", "要 exec 的进程过早结束"));
  seen.before = look_at(player.actor.pid());
  tell(player.to);
  if (hear(ready.reads, &byte, 1))  // the exec closes the other end, and nothing is written there
    fail(tr("unexpected bytes from a process on stage", "台上的进程写来了意外的字节"));
  seen.after = look_at(player.actor.pid());
  player.to = Descriptor();
  player.actor.wait();

  const std::vector<std::vector<std::string>> attempts = {
      {"no-such-program"}, {"/proc/version"}, {"sh", "-c", "ulimit -c 0; kill -SEGV $$"}};
  for (const auto& words : attempts) {
    Program program;
    program.arguments = words;
    seen.attempts.push_back({words, outcome_of(program)});
  }
  return seen;
}

void show(const Execed& execed, Page& page) {
  page.heading(tr("4. An exec: the same process, another program", "4. exec：进程没变，程序换了"));
  page.explain(
      tr("exec keeps the process, its number and its open files, and puts another program in "
         "place of the one that ran. If it fails, only the child knows; it tells its parent "
         "through a pipe that a successful exec closes.",
         "exec 保留进程、进程号和打开的文件，只把运行的程序换掉。如果失败，只有子进程知道；"
         "它通过一根管道告诉父进程，而 exec 成功时这根管道会自动关闭。"));
  std::vector<std::vector<std::string>> rows;
  const auto row = [&](const std::string& what, auto value) {
    rows.push_back({what, value(execed.before), value(execed.after)});
  };
  using Look = Execed::Look;
  row(tr("process", "进程"), [](const Look& look) { return std::to_string(look.pid); });
  row(tr("name", "名称"), [](const Look& look) { return safe(look.name); });
  row(tr("program file", "程序文件"),
      [](const Look& look) { return safe(look.file.substr(look.file.rfind('/') + 1)); });
  row(tr("its code at", "代码位于"), [](const Look& look) { return look.code; });
  row(tr("lines in maps", "maps 的行数"),
      [](const Look& look) { return std::to_string(look.mappings); });
  page.table({"", tr("before", "之前"), tr("after", "之后")}, rows);
  for (const Execed::Attempt& attempt : execed.attempts) {
    std::string words;
    for (const std::string& word : attempt.words) {
      const bool quoted = word.find(' ') != std::string::npos;
      words += (words.empty() ? "" : " ") + (quoted ? '\'' + word + '\'' : word);
    }
    page.wrapped(tr("started: ", "启动：") + words + tr(": ", "：") + attempt.outcome);
  }
  page.gap();
}

Json to_json(const Execed& execed) {
  const auto look = [](const Execed::Look& seen) {
    return Json{{"pid", seen.pid},
                {"name", dialtone::clean(seen.name)},
                {"file", dialtone::clean(seen.file)},
                {"mappings", seen.mappings},
                {"code", seen.code}};
  };
  Json attempts = Json::array();
  for (const Execed::Attempt& attempt : execed.attempts)
    attempts.push_back({{"words", attempt.words}, {"outcome", attempt.outcome}});
  return {{"before", look(execed.before)}, {"after", look(execed.after)}, {"attempts", attempts}};
}

}  // namespace process_tour
