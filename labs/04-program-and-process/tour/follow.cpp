// The process table live, a screen at a time.
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>

#include "failure.hpp"
#include "interruption.hpp"
#include "language.hpp"
#include "single_keys.hpp"
#include "staging.hpp"
#include "tree.hpp"

namespace process_tour {
namespace {

using dialtone::tr;

constexpr int refresh = 1000;  // milliseconds

void write_now(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// The terminal's other screen, without a cursor; the first one comes back however this ends.
class OtherScreen {
 public:
  OtherScreen() { write_now("\x1b[?1049h\x1b[?25l"); }
  OtherScreen(const OtherScreen&) = delete;
  OtherScreen& operator=(const OtherScreen&) = delete;
  ~OtherScreen() { leave(); }

 private:
  static void leave() { write_now("\x1b[?25h\x1b[?1049l"); }

  dialtone::OnInterruption on_interruption_{leave};
};

std::size_t terminal_rows() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) return size.ws_row;
  return 24;
}

/// What a key asks for.
enum class Key { none, quit, up, down, page_up, page_down, top };

Key key_of(std::string_view typed) {
  if (typed.empty() || typed == "q" || typed == "Q" || typed == "\x1b") return Key::quit;
  if (typed == "k" || typed == "\x1b[A" || typed == "\x1bOA") return Key::up;
  if (typed == "j" || typed == "\x1b[B" || typed == "\x1bOB") return Key::down;
  if (typed == "\x1b[5~") return Key::page_up;
  if (typed == " " || typed == "\x1b[6~") return Key::page_down;
  if (typed == "g" || typed == "\x1b[H") return Key::top;
  return Key::none;
}

/// The key that comes within the time; none where none does.
Key next_key(int milliseconds) {
  pollfd wait{STDIN_FILENO, POLLIN, 0};
  if (::poll(&wait, 1, milliseconds) <= 0) return Key::none;  // also when the window is resized
  char typed[16];
  const ssize_t count = ::read(STDIN_FILENO, typed, sizeof typed);
  if (count < 0) return errno == EINTR ? Key::none : Key::quit;
  return key_of({typed, static_cast<std::size_t>(count)});
}

class Screen {
 public:
  void move(Key key) {
    const std::size_t page = shown_ > 1 ? shown_ - 1 : 1;
    if (key == Key::up) first_ -= std::min<std::size_t>(first_, 1);
    if (key == Key::down) ++first_;
    if (key == Key::page_up) first_ -= std::min(first_, page);
    if (key == Key::page_down) first_ += page;
    if (key == Key::top) first_ = 0;
  }

  void draw(const Arranged& arranged, const std::vector<Row>* before) {
    const std::size_t columns = dialtone::terminal_columns();
    const std::size_t rows = std::max<std::size_t>(terminal_rows(), 4);
    const std::vector<std::string> lines = tree_lines(arranged.tree, columns, before);
    shown_ = rows - 2;  // below the head, above the last line
    const std::size_t count = lines.size() - 1;
    first_ = std::min(first_, count > shown_ ? count - shown_ : 0);
    std::string text = "\x1b[H" + coloured(dialtone::Colour::bold, lines[0]) + "\x1b[K\r\n";
    for (std::size_t i = 0; i < shown_; ++i)
      text += (first_ + i < count ? lines[first_ + i + 1] : "") + "\x1b[K\r\n";
    std::string last = std::to_string(count) + tr(" processes", " 个进程") + "   " +
                       tr("q quits, arrows scroll", "q 退出，方向键滚动");
    for (const std::string& item : state_legend(arranged.tree)) last += "   " + item;
    text += coloured(dialtone::Colour::dim, dialtone::clip(last, columns - 1)) + "\x1b[K";
    write_now(text);
  }

 private:
  std::size_t first_ = 0;
  std::size_t shown_ = 1;
};

}  // namespace

void follow(const Choice& choice) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
    throw dialtone::UsageFailure(
        tr("--follow needs a terminal; without it the tree is printed once",
           "--follow 需要终端；不带它则只输出一次"));
  std::cout.flush();
  const OtherScreen other_screen;
  const dialtone::SingleKeys keys;
  Screen screen;
  std::optional<std::vector<Row>> before;
  for (;;) {
    Arranged now(read_table(), choice);
    if (now.tree.empty() && choice.root)
      fail(tr("process ", "进程 ") + std::to_string(*choice.root) + tr(" has ended", " 已经结束"));
    screen.draw(now, before ? &*before : nullptr);
    const Deadline next = Deadline::after(std::chrono::milliseconds(refresh));
    while (next.milliseconds_left() > 0) {
      const Key key = next_key(next.milliseconds_left());
      if (key == Key::quit) return;
      if (key == Key::none) continue;
      screen.move(key);
      screen.draw(now, before ? &*before : nullptr);
    }
    before = std::move(now.table.rows);
  }
}

}  // namespace process_tour
