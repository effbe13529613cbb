// `workbook`: its command line alone. What each subcommand does is in the files that commands.hpp
// names.
#include <functional>
#include <iostream>

#include "command_line.hpp"
#include "commands.hpp"
#include "interruption.hpp"
#include "language.hpp"

using namespace dialtone;

namespace {

/// Adds subcommands one by one and remembers which was asked for.
class Commands {
 public:
  explicit Commands(CommandLine& app) : app_(app) {}

  CommandLine command(const std::string& name, const std::string& description,
                      int (*body)(const Options&)) {
    CommandLine sub = app_.add_subcommand(name, description);
    sub.callback([this, body] { chosen_ = body; });
    return sub;
  }

  void lab(CommandLine sub) {
    sub.add_option("LAB", options_.lab, tr("the lab: 1, 01 or its name", "实验：1、01 或名称"))
        .required();
  }
  void one_case(CommandLine sub) {
    sub.add_option("--case", options_.case_id, tr("only this case", "只评判这个用例"));
  }
  void seed(CommandLine sub) {
    sub.add_option("--seed", options_.seed,
                   tr("draws the inputs (default: a fresh one)", "输入的随机种子（默认随机）"));
  }
  void sanitized(CommandLine sub) {
    sub.add_flag("--san", options_.sanitized,
                 tr("run under the address and undefined-behaviour sanitizers",
                    "在地址与未定义行为检查器下运行"));
  }
  void json(CommandLine sub) {
    sub.add_flag("--json", options_.json, tr("results as JSON", "以 JSON 输出结果"));
  }
  void progress(CommandLine sub) {
    sub.add_option("--progress", options_.progress,
                   tr("the progress file (default: DIALTONE_PROGRESS, else progress.txt)",
                      "进度文件（默认 DIALTONE_PROGRESS，否则 progress.txt）"));
  }

  Options& options() { return options_; }

  int run() const {
    if (chosen_ != nullptr) return chosen_(options_);
    std::cout << app_.help();
    return exit_success;
  }

 private:
  CommandLine& app_;
  Options options_;
  int (*chosen_)(const Options&) = nullptr;
};

void add_student_commands(Commands& line) {
  CommandLine status =
      line.command("status",
                   tr("every lab: points, file to edit, page to read; what to do next",
                      "每个实验的分数、要编辑的文件、要读的页面，以及下一步"),
                   status_command);
  line.json(status);
  line.progress(status);

  CommandLine check =
      line.command("check",
                   tr("build your file, run the practice tests, let the judge give points",
                      "构建你的文件，运行练习测试，由评判程序给分"),
                   check_command);
  line.lab(check);
  line.one_case(check);
  check.add_option("--server", line.options().server,
                   tr("LAB is ftp: judge this command instead of your file. Its words are split as "
                      "a shell does, no shell runs; {root} and {port} stand for the judge's "
                      "folder and port; without {port} it says `listening on HOST:PORT`",
                      "LAB 为 ftp：评判这个命令，而不是你的文件。按 shell 规则切分单词但不启动 "
                      "shell；{root} 和 {port} 代表评判程序选定的目录与端口；没有 {port} 时，它要"
                      "打印 `listening on HOST:PORT`"));
  line.seed(check);
  line.sanitized(check);
  line.json(check);
  line.progress(check);

  CommandLine watch =
      line.command("watch",
                   tr("check again upon each save (needs a terminal; keys: h n r q)",
                      "每次保存后重新检查（需要终端；按键 h n r q）"),
                   watch_command);
  line.lab(watch);
  line.seed(watch);
  line.sanitized(watch);
  line.progress(watch);

  CommandLine hint = line.command("hint", tr("one more hint", "再给一条提示"), hint_command);
  line.lab(hint);
  hint.add_option(
      "CASE", line.options().case_id,
      tr("the case (default: the first that has not passed)", "用例（默认：第一个未通过的）"));
  line.progress(hint);

  CommandLine reset = line.command(
      "reset",
      tr("restore the starter, keeping your text as a backup", "恢复初始文件，你的代码另存备份"),
      reset_command);
  line.lab(reset);
  reset.add_flag("--yes", line.options().yes, tr("do not ask", "不再询问"));

  CommandLine solution = line.command(
      "solution", tr("show the reference, once you have all points", "满分后显示参考解答"),
      solution_command);
  line.lab(solution);
  solution.add_flag(
      "--give-up", line.options().give_up,
      tr("show it before that; the progress file says so", "提前显示；会记入进度文件"));
  line.progress(solution);

  CommandLine doctor = line.command(
      "doctor", tr("what this machine lacks, and what to install", "检查这台机器缺什么、该装什么"),
      doctor_command);
  line.json(doctor);
}

void add_teacher_commands(Commands& line) {
  CommandLine grade = line.command(
      "grade", tr("for instructors: grade folders of submissions", "教师用：批改提交目录"),
      grade_command);
  grade
      .add_option(
          "PATH", line.options().submissions,
          tr("folders that hold one folder per student", "提交目录，其中每个学生一个文件夹"))
      .required();
  grade.add_option("--labs", line.options().labs,
                   tr("labs to grade: 01,02 (default: all)", "要批改的实验：01,02（默认全部）"));
  grade
      .add_option(
          "-j,--jobs", line.options().jobs,
          tr("how many at once (default: one for each core but one)", "并行数（默认：核心数减一）"))
      .between(1, 256);
  grade.add_option("-o,--output", line.options().output,
                   tr("where results go (default: grades)", "结果目录（默认 grades）"));
  line.seed(grade);

  line.command("demo",
               tr("play the whole workbook, as `make demo` does", "演示整个教程（即 `make demo`）"),
               demo_command);

  CommandLine judge =
      line.command("judge",
                   tr("build FILE in the starter's place and judge it; no progress is kept",
                      "用 FILE 代替初始文件构建并评判；不记录进度"),
                   judge_command);
  judge.hidden();
  line.lab(judge);
  judge.add_option("FILE", line.options().file, tr("the file to judge", "要评判的文件")).required();
  line.one_case(judge);
  line.seed(judge);
  line.sanitized(judge);
  line.json(judge);

  CommandLine pristine =
      line.command("pristine", tr("print the starter as it shipped", "打印初始文件的原始内容"),
                   pristine_command);
  pristine.hidden();
  line.lab(pristine);
}

}  // namespace

int main(int argc, char** argv) {
  choose_language(argc, argv);
  clean_up_on_interruption();
  CommandLine app(tr("Dialtone: a networking and operating systems lab workbook.",
                     "Dialtone：计算机网络与操作系统实验教程。"),
                  "workbook");
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.footer(
      tr("For authors of labs: workbook judge LAB FILE, workbook pristine LAB "
         "(each has --help).",
         "实验作者另有：workbook judge LAB FILE、workbook pristine LAB（见各自的 --help）。"));
  Commands line(app);
  add_student_commands(line);
  add_teacher_commands(line);
  return run_program(app, argc, argv, [&line] { return line.run(); });
}
