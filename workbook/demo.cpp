// `demo`: the workbook played from end to end, with a table of what came of each part.
#include <fcntl.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <iostream>

#include "commands.hpp"
#include "compiler_output.hpp"
#include "failure.hpp"
#include "judgement.hpp"
#include "language.hpp"
#include "recipe.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds demo_time{60};

/// How one part of the demo went.
struct Verdict {
  bool ok;
  std::string text;
};

class Playbill {
 public:
  /// Plays a part; what it throws is its failure, and the other parts go on.
  void play(const std::string& name, const std::function<Verdict()>& part) {
    std::cout << '\n' << coloured(Colour::bold, "== " + name) << std::endl;
    const auto start = std::chrono::steady_clock::now();
    Verdict verdict{false, ""};
    try {
      verdict = part();
    } catch (const std::exception& failure) {
      std::cout << failure.what() << '\n';
      verdict.text = lines_of(failure.what()).front();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f", took.count());
    all_ok_ = all_ok_ && verdict.ok;
    table_.add({name,
                verdict.ok ? coloured(Colour::green, tr("ok", "成功"))
                           : coloured(Colour::red, tr("FAILED", "失败")),
                verdict.text, seconds});
  }

  int close() const {
    std::cout << '\n' << table_.text();
    return all_ok_ ? exit_success : exit_failure;
  }

 private:
  Table table_{
      {tr("Part", "部分"), tr("Result", "结果"), tr("What happened", "说明"), tr("Seconds", "秒")},
      {3}};
  bool all_ok_ = true;
};

/// Runs a demo program with its output shown.
Verdict show(const Tree& tree, const std::vector<std::string>& arguments) {
  std::cout << "$ build/bin/" << join(arguments, " ") << std::endl;
  Command command;
  command.arguments = arguments;
  command.arguments.front() = (tree.build / "bin" / arguments.front()).string();
  command.arguments.insert(command.arguments.begin() + 1, {"--lang", tr("en", "zh")});
  command.directory = tree.root;
  Child child(command);
  const auto ending = child.wait_for(demo_time);
  if (!ending) {
    child.kill_now();
    return {false, tr("did not end in 60 s", "60 秒内没有结束")};
  }
  const bool ok = ending->signal == 0 && ending->exit_code == 0;
  return {ok, ok ? tr("played", "已演示") : describe(*ending)};
}

Verdict grade_reference(const Tree& tree, const Lab& lab) {
  if (!fs::exists(tree.root / lab.solution()))
    return {true, tr("no solution in this tree: skipped", "本目录没有参考解答：跳过")};
  build_or_fail(tree, {lab.identifier() + "_shim_solution", lab.identifier() + "_judge"});
  const Judgement judgement = judge(tree, lab, lab_program(tree, lab, "shim_solution"),
                                    {fresh_seed(), {}, false, judges_for_one_person});
  for (const CaseResult& one : judgement.cases)
    std::cout << (one.status == Status::passed ? "  ok  " : "  --  ") << one.of.id << "  "
              << one.points() << "/" << one.of.points
              << (one.status == Status::passed ? "" : "  " + one.story.failed) << '\n';
  return {judgement.full(),
          std::to_string(judgement.score()) + "/" + std::to_string(judgement.possible()) +
              tr(" points, seed ", " 分，种子 ") + std::to_string(judgement.seed)};
}

Verdict build_site(const Tree& tree) {
  const Outcome outcome = build(tree, {"site"});
  if (outcome.succeeded()) return {true, tree.shown(tree.build / "site" / "index.html")};
  std::cout << build_excerpt(outcome.out + outcome.err);
  return {false, tr("the site was not built", "网站未能构建")};
}

/// A program that says "listening on HOST:PORT", for as long as it lives.
class Listening {
 public:
  Listening(const Tree& tree, const std::vector<std::string>& arguments)
      : output_(folder_.path() / "output") {
    Command command;
    command.arguments = arguments;
    command.arguments.front() = (tree.build / "bin" / arguments.front()).string();
    command.arguments.insert(command.arguments.begin() + 1, {"--lang", tr("en", "zh")});
    const FileDescriptor output(open(output_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    command.descriptors = {{1, output.get()}};
    std::cout << "$ build/bin/" << join(arguments, " ") << " &" << std::endl;
    child_.emplace(command);
    const auto until = std::chrono::steady_clock::now() + demo_time;
    while (port_.empty()) {
      const std::string said = read_file(output_);
      const std::size_t end = said.find('\n');
      if (end != std::string::npos) {
        std::cout << said;
        port_ = said.substr(said.rfind(':', end) + 1, end - said.rfind(':', end) - 1);
      } else if (child_->wait_for(std::chrono::milliseconds(10)) ||
                 std::chrono::steady_clock::now() > until) {
        throw Failure(arguments.front() + tr(" did not start", " 没有启动"));
      }
    }
  }

  const std::string& port() const { return port_; }
  std::string output() const { return read_file(output_); }

  /// SIGTERM, and how it ended.
  std::optional<Ending> stop() {
    kill(child_->pid(), SIGTERM);
    return child_->wait_for(demo_time);
  }

 private:
  TemporaryFolder folder_;
  fs::path output_;
  std::optional<Child> child_;
  std::string port_;
};

/// Files through the capstone: up, listed, down again, and compared.
Verdict move_files(const Tree& tree) {
  const TemporaryFolder folder;
  const fs::path root = folder.path() / "server";
  const fs::path back = folder.path() / "back";
  fs::create_directories(root);
  fs::create_directories(back);
  const fs::path picture = folder.path() / "雪中女孩.jpeg";
  std::string bytes;
  for (std::size_t i = 0; i < std::size_t{8} << 20U; ++i) bytes += static_cast<char>(i * i >> 7U);
  write_file(picture, bytes);

  Listening server(tree, {"ftp-server", "--root", root.string(), "--port", "0"});
  const auto client = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"ftp-client", "--port", server.port()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return show(tree, all).ok;
  };
  const bool moved = client({"put", picture.string(), (tree.root / "README.md").string()}) &&
                     client({"ls"}) &&
                     client({"get", "雪中女孩.jpeg", "README.md", "-o", back.string()});
  const auto ending = server.stop();
  const auto same = [&](const fs::path& original) {
    return read_file(back / original.filename()) == read_file(original);
  };
  if (!moved || !same(picture) || !same(tree.root / "README.md"))
    return {false, tr("what came back differs", "取回的内容不同")};
  if (!ending || ending->exit_code != 0 || ending->signal != 0)
    return {false, tr("the server did not end in order", "服务器没有正常结束")};
  return {true, tr("up and down, the same bytes", "上传再下载，内容一致")};
}

/// A forger between client and server, three times: in version 1 without and with new digests, and
/// in version 2.
Verdict forge_a_file(const Tree& tree) {
  const TemporaryFolder folder;
  const fs::path got = folder.path() / "pay.txt";
  fs::create_directories(folder.path() / "server" / "file");
  write_file(folder.path() / "server" / "file" / "pay.txt", "Pay 100 to Alice.\n");
  const Listening server(
      tree, {"ftp-server", "--root", (folder.path() / "server").string(), "--port", "0"});

  const auto arrives = [&](const std::vector<std::string>& manner) {
    std::vector<std::string> arguments = {
        "ftp-forger", "--to", "127.0.0.1:" + server.port(), "--from", "100", "--into", "900"};
    arguments.insert(arguments.end(), manner.begin(), manner.end());
    const Listening forger(tree, arguments);
    fs::remove(got);
    const bool taken =
        show(tree, {"ftp-client", "--port", forger.port(), "get", "pay.txt", "-o", got.string()})
            .ok;
    std::string text = taken ? read_file(got) : "";
    std::cout << tr("what arrived: ", "收到的：")
              << (taken ? text : tr("nothing\n", "什么也没有\n")) << '\n';
    return text;
  };
  const bool found = arrives({"--downgrade", "--careless"}).empty();
  const bool fooled_1 = arrives({"--downgrade"}) == "Pay 900 to Alice.\n";
  const bool fooled_2 = arrives({}) == "Pay 900 to Alice.\n";
  if (!found || !fooled_1 || !fooled_2)
    return {false, tr("the forger did not act as told", "伪造者没有按要求行事")};
  return {true, tr("a digest beside the data stops no forger", "随数据传送的摘要拦不住伪造者")};
}

}  // namespace

int demo_command(const Options& /*options*/) {
  const Tree tree = find_tree();
  const auto labs = load_labs(tree);
  Playbill bill;
  for (const Lab& lab : labs) {
    const std::string name = tr("lab ", "实验 ") + lab.number + " " + lab.title.text();
    for (const auto& command : lab.demo)
      bill.play(name + ": " + join(command, " "), [&] { return show(tree, command); });
    bill.play(name + tr(": the reference graded", "：批改参考解答"),
              [&] { return grade_reference(tree, lab); });
  }
  if (fs::exists(tree.root / "ftp" / "client"))
    bill.play(tr("the capstone: real files", "综合项目：传输真实文件"),
              [&] { return move_files(tree); });
  if (fs::exists(tree.root / "ftp" / "forger"))
    bill.play(tr("the capstone: a forger", "综合项目：伪造者"), [&] { return forge_a_file(tree); });
  bill.play(tr("the site", "网站"), [&] { return build_site(tree); });
  return bill.close();
}

}  // namespace dialtone
