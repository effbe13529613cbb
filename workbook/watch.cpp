// `watch`: checks again upon each save and takes single keys in between.
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "report.hpp"
#include "single_keys.hpp"
#include "student_commands.hpp"
#include "terminal.hpp"

namespace dialtone {

namespace fs = std::filesystem;

namespace {

/// The saves of one file. Watches its folder: editors rename a new file into place.
class Saves {
 public:
  explicit Saves(const fs::path& file)
      : name_(file.filename().string()), inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    const std::string folder = file.parent_path().string();
    if (!inotify_ || inotify_add_watch(inotify_.get(), folder.c_str(),
                                       IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF) < 0)
      throw Failure(tr("cannot watch ", "无法监视 ") + folder + ": " + std::strerror(errno));
  }

  int descriptor() const { return inotify_.get(); }

  /// Takes what has happened; whether the file was among it.
  bool take() {
    alignas(inotify_event) std::array<char, 4096> buffer;
    bool saved = false;
    ssize_t count = 0;
    while ((count = read(inotify_.get(), buffer.data(), buffer.size())) > 0) {
      for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        if ((event->mask & static_cast<std::uint32_t>(IN_DELETE_SELF)) != 0)
          throw Failure(tr("the watched folder was removed", "被监视的目录已被删除"));
        if (event->len > 0 && name_ == event->name) saved = true;
        at += sizeof(inotify_event) + event->len;
      }
    }
    return saved;
  }

 private:
  std::string name_;
  FileDescriptor inotify_;
};

class Watch {
 public:
  Watch(const Options& options, const Tree& tree, const std::vector<Lab>& labs, const Lab& lab)
      : options_(options), tree_(tree), labs_(labs), lab_(&lab) {}

  void run() {
    saves_.emplace(tree_.root / lab_->starter());
    check();
    while (!over_) {
      // A save that makes several events, or several files, is one check: wait until it is quiet.
      constexpr int quiet_ms = 60;
      std::array<pollfd, 2> waits{{{saves_->descriptor(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
      if (poll(waits.data(), waits.size(), saved_ ? quiet_ms : -1) == 0) {
        saved_ = false;
        check();
        continue;
      }
      if (waits[0].revents != 0) saved_ = saves_->take() || saved_;
      if (waits[1].revents != 0) take_key();
    }
  }

 private:
  void say(const std::string& text) { std::cout << text << std::flush; }

  void check() {
    if (stdout_is_lively()) say("\x1b[H\x1b[2J");
    say(tr("checking ", "正在检查 ") + lab_->starter().string() + " ...\n");
    try {
      CheckRequest request;
      request.seed = options_.seed.value_or(fresh_seed());
      request.sanitized = options_.sanitized;
      const CheckResult result = check_starter(tree_, *lab_, request);
      say(report_text(tree_, labs_, *lab_, request, result));
      if (result.built) record_progress(progress(), *lab_, result);
    } catch (const std::exception& failure) {
      say(std::string(failure.what()) + "\n");
    }
    show_keys();
  }

  void show_keys() {
    say(coloured(Colour::dim, tr("waiting for a save; keys: h hint, n next lab, r reset, q quit",
                                 "等待保存；按键：h 提示，n 下一个实验，r 重置，q 退出")) +
        "\n");
  }

  void take_key() {
    const char key = read_key();
    try {
      if (asking_) {
        asking_ = false;
        say(key == 'y' || key == 'Y' ? "y\n" + reset_and_say(tree_, *lab_)
                                     : tr("no\nnothing was changed\n", "否\n没有做任何改动\n"));
      } else if (key == 'q' || key == '\x04' || key == '\0') {
        over_ = true;
      } else if (key == 'h') {
        say(next_hint(progress(), *lab_, ""));
      } else if (key == 'r') {
        asking_ = true;
        say(tr("restore the starter as it shipped (your text is kept as a backup)? [y/N] ",
               "恢复初始文件（你的代码会另存备份）？[y/N] "));
      } else if (key == 'n') {
        go_on();
      }
    } catch (const std::exception& failure) {
      say(std::string(failure.what()) + "\n");
    }
  }

  void go_on() {
    const Lab* next = next_lab(labs_, *lab_);
    if (next == nullptr) return say(tr("this is the last lab\n", "这是最后一个实验\n"));
    lab_ = next;
    saves_.emplace(tree_.root / lab_->starter());
    check();
  }

  /// '\0' at the end of input.
  static char read_key() {
    char key = '\0';
    ssize_t count = 0;
    do {
      count = read(STDIN_FILENO, &key, 1);
    } while (count < 0 && errno == EINTR);
    return count == 1 ? key : '\0';
  }

  fs::path progress() const { return progress_file(tree_, options_.progress); }

  const Options& options_;
  const Tree& tree_;
  const std::vector<Lab>& labs_;
  const Lab* lab_;
  std::optional<Saves> saves_;
  bool saved_ = false;   ///< a save came and was not checked yet
  bool asking_ = false;  ///< the next key answers the question of `r`
  bool over_ = false;
};

}  // namespace

int watch_command(const Options& options) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  const Lab& lab = find_lab(labs, options.lab);
  if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
    throw UsageFailure(
        tr("watch needs a terminal; for one run: ", "watch 需要终端；单次检查请用：") +
        tree.command() + " check " + lab.number);
  const SingleKeys keys;
  Watch(options, tree, labs, lab).run();
  return exit_success;
}

}  // namespace dialtone
