// read_proc and process_table, on folders of the judge's own and on the real /proc.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "cases.hpp"
#include "process.hpp"

namespace lab04 {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{1} << 20U;

// --- read_proc ---

Message read_proc(Trial& trial, pid_t pid, const std::string& file, const std::string& root) {
  return ask(trial, "read_proc(" + std::to_string(pid) + ", " + file + ", " + root + ")",
             {{"call", "read_proc"}, {"pid", pid}, {"file", file}, {"root", root}});
}

void expect_text(Trial& trial, const Message& answer, std::string_view expected) {
  succeeded(trial, answer, "read_proc");
  dialtone::expect_bytes(trial, tr("the text of the file", "文件的内容"), answer.payload, expected);
}

void read_whole(Trial& trial) {
  const dialtone::TemporaryFolder folder;
  const std::string root = folder.path();
  const auto pid = static_cast<pid_t>(trial.random.between(1, 4'000'000));
  const fs::path own = folder.path() / std::to_string(pid);
  fs::create_directory(own);
  const auto before = trial.student.open_descriptors();
  const std::size_t sizes[] = {1, 0, 4095, 4096, 4097, most_bytes - 1, most_bytes};
  if (trial.index < std::size(sizes)) {
    const std::string text = trial.random.bytes(sizes[trial.index]);
    dialtone::write_file(own / "stat", text);
    expect_text(trial, read_proc(trial, pid, "stat", root), text);
  } else if (trial.index == 7 || trial.index == 8) {
    dialtone::write_file(own / "maps", "");
    fs::resize_file(own / "maps", trial.index == 7 ? most_bytes + 1 : std::size_t{1} << 30U);
    const json error = failed(trial, read_proc(trial, pid, "maps", root), "system",
                              tr("a file of more than 1 MiB", "超过 1 MiB 的文件"));
    trial.expect_equal("Error::code", error.at("code").get<int>(), EFBIG);
  } else if (trial.index == 9) {  // no such file
    failed(trial, read_proc(trial, pid, "stat", root), "gone", "read_proc");
  } else if (trial.index == 10) {  // no such process
    failed(trial, read_proc(trial, pid == 1 ? 2 : pid - 1, "stat", root), "gone", "read_proc");
  } else if (trial.index == 11) {
    fs::create_directory(own / "fd");
    const json error = failed(trial, read_proc(trial, pid, "fd", root), "system", "read_proc");
    trial.expect_equal("Error::code", error.at("code").get<int>(), EISDIR);
  } else if (trial.index % 3 == 0) {
    // The kernel gives no more than a page of these at a time.
    const Reports reports;
    start_child(trial, witness("spread", reports.name()));
    Report child = next_report(trial, reports);
    expect_text(trial, read_proc(trial, child.pid, "maps", "/proc"),
                dialtone::proc_file(child.pid, "maps"));
    child.end(0);
    collect(trial, child.pid);
  } else {
    const std::string text = trial.random.bytes(trial.random.between(0, 100'000));
    dialtone::write_file(own / "status", text);
    expect_text(trial, read_proc(trial, pid, "status", root), text);
  }
  expect_same_descriptors(trial, before, "read_proc");
}

// --- process_table ---

std::string stat_of(pid_t pid) {
  std::string text = std::to_string(pid) + " (p) S 1 1 1";
  for (int field = 7; field <= 52; ++field) text += " 0";
  return text + "\n";
}

void add_process(const fs::path& root, const std::string& name, const std::string& stat) {
  fs::create_directory(root / name);
  dialtone::write_file(root / name / "stat", stat);
}

Message ask_table(Trial& trial, const std::string& root) {
  return ask(trial, "process_table(" + root + ")", {{"call", "process_table"}, {"root", root}});
}

std::vector<int> table_of(Trial& trial, const std::string& root) {
  const Message answer = ask_table(trial, root);
  succeeded(trial, answer, "process_table");
  std::vector<int> pids;
  for (const json& one : answer.body.at("value")) pids.push_back(one.at("pid").get<int>());
  return pids;
}

/// No descriptor of that folder itself is left open. (A file in it would be read_proc's matter.)
void expect_folder_closed(Trial& trial, const std::string& root) {
  for (const std::string& one : trial.student.open_descriptors())
    trial.expect(tr("the folder is closed again", "目录已重新关闭"),
                 !one.ends_with(" " + fs::canonical(root).string()), tr("closed", "已关闭"), one);
}

void real_table(Trial& trial) {
  const Reports reports;
  Report child = start_witness(trial, reports);
  const std::vector<int> pids = table_of(trial, "/proc");
  trial.expect(tr("the table of /proc is in the order of the numbers", "/proc 的表按进程号递增"),
               std::adjacent_find(pids.begin(), pids.end(), std::greater_equal<>()) == pids.end(),
               tr("increasing numbers", "递增的进程号"), list_of(pids));
  for (const pid_t one : {trial.student.pid(), ::getpid(), child.pid})
    trial.expect(
        tr("the table of /proc holds process ", "/proc 的表中有进程 ") + std::to_string(one),
        std::find(pids.begin(), pids.end(), one) != pids.end(), std::to_string(one), list_of(pids));
  child.end(0);
  collect(trial, child.pid);
}

void passes_over_who_vanished(Trial& trial) {
  if (trial.index % 6 == 5) return real_table(trial);
  const dialtone::TemporaryFolder folder;
  const fs::path& root = folder.path();
  std::set<int> present;
  const std::uint64_t count = trial.index == 0 ? 3 : trial.random.between(0, 30);
  while (present.size() < count)
    present.insert(static_cast<int>(trial.random.between(
        1, trial.random.chance(0.3) ? 20 : (trial.random.chance(0.5) ? 1000 : 4'194'304))));
  if (trial.index == 0) present = {9, 10, 100};
  for (const int pid : present) add_process(root, std::to_string(pid), stat_of(pid));

  if (trial.index % 6 == 4) {
    const int broken = 5'000'000;
    trial.step(tr("the stat of one is nonsense: ", "其中一个的 stat 是乱写的：") +
               std::to_string(broken));
    add_process(root, std::to_string(broken), "nonsense");
    failed(trial, ask_table(trial, root), "malformed", "process_table");
    return expect_folder_closed(trial, root);
  }
  if (trial.index == 6) {
    failed(trial, ask_table(trial, (root / "nowhere").string()),
           tr("a root that is not there", "不存在的根目录"));
    return;
  }
  if (trial.index % 2 == 1) {
    trial.step(tr("folders that are no processes: self, 12a, 1.5, -3, +4, meminfo",
                  "并非进程的目录：self、12a、1.5、-3、+4、meminfo"));
    for (const char* name : {"self", "12a", "1.5", "-3", "+4", "0x7", "a12", " 8"})
      add_process(root, name, stat_of(77));
    dialtone::write_file(root / "meminfo", "MemTotal: 1 kB\n");
  }
  if (trial.index % 3 != 1 || trial.index == 1) {
    const std::uint64_t gone = trial.random.between(1, 3);
    trial.step(
        tr("processes that vanish before their stat is read: ", "在读 stat 之前就消失的进程数：") +
        std::to_string(gone));
    for (std::uint64_t i = 0; i < gone; ++i)
      fs::create_directory(root / std::to_string(6'000'000 + i));
  }
  trial.expect_equal(tr("the numbers in the table", "表中的进程号"), list_of(table_of(trial, root)),
                     list_of({present.begin(), present.end()}));
  expect_folder_closed(trial, root);
}

}  // namespace

std::vector<Case> proc_cases() {
  return {{"a_file_of_proc_is_read_whole", 20, read_whole},
          {"the_table_passes_over_who_vanished", 24, passes_over_who_vanished}};
}

}  // namespace lab04
