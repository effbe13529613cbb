// The course's menu, as a person at a terminal or a script at a pipe has it.
#include <unistd.h>

#include "client_support.hpp"

using namespace dialtone;
using namespace ftp_test;

namespace {

constexpr const char* menu =
    "\n"
    "        ++++++++++++ 功能菜单 ++++++++++\n"
    "                  1. 下载文件数据 \n"
    "                  2. 上传文件数据 \n"
    "                  q. 退出系统\n"
    "        \n"
    "请选择功能 :>>>> ";

/// What a server of this project, or the course's, is asked and says; the menu's output.
struct Conversation {
  explicit Conversation(bool version_2 = true) { files.version_2 = version_2; }
  Outcome have(const std::string& input, const std::vector<std::string>& arguments = {}) {
    const PlayedServer server(keeper_of(files));
    return client.run(server.port(), arguments, input);
  }
  Files files;
  ClientRun client;
};

}  // namespace

TEST_CASE("the_menu_speaks_as_in_the_course_word_for_word") {
  Conversation talk;
  talk.files.files = {{"img/雪中女孩.jpeg", "snow"}, {"img/鱼.jpg", std::string(100'000, 'f')}};
  const std::string here = talk.client.path("client_data/img").string();
  talk.client.write("自愿上班.jpeg", "work");
  const Outcome seen = talk.have("1\nimg\n0001\n" + here + "\ngirl\n2\nupload " +
                                 talk.client.path("自愿上班.jpeg").string() + "\nq\n");
  CHECK(seen.out ==
        std::string(menu) +
            "请输入下载文件类型 :>>>> "
            "当前文件编号 :>>>> 0000 文件名称 :>>>> 雪中女孩.jpeg\n"
            "当前文件编号 :>>>> 0001 文件名称 :>>>> 鱼.jpg\n"
            "请输入文件编号 :>>>> 请输入保存文件的路径 :>>>> 请输入保存文件的文件名 :>>>> "
            "当前保存路径不存在,创建成功!\n"
            "当前文件 鱼.jpg 下载完成!文件保存至 :>>>> " +
            here + "/girl.jpg\n" + menu +
            "请输入上传命令 :>>>> "
            "当前文件 自愿上班 上传成功!保存至 :>>>> img/自愿上班.jpeg!\n" +
            menu);
  CHECK(seen.err == "");
  CHECK(seen.succeeded());
  CHECK(talk.client.read("client_data/img/girl.jpg") == talk.files.files["img/鱼.jpg"]);
  CHECK(talk.files.files["img/自愿上班.jpeg"] == "work");
  CHECK(talk.client.all().size() == 2);
}

TEST_CASE("the_menu_is_english_when_asked_for") {
  Conversation talk;
  const Outcome seen = talk.have("1\nvideo\nq\n", {"--lang", "en"});
  CHECK(contains(seen.out, "q. Quit"));
  CHECK(contains(seen.out, "There are no files!"));
  CHECK(seen.succeeded());
}

TEST_CASE("ids_are_three_zeros_and_the_index") {
  Conversation talk;
  for (char c = 'a'; c <= 'k'; ++c) talk.files.files[std::string("img/") + c + ".png"] = c;
  const Outcome seen = talk.have("1\nimg\n00010\nout\nlast\nq\n");
  for (const char* id :
       {"0000 文件名称 :>>>> a.png", "0009 文件名称 :>>>> j.png", "00010 文件名称 :>>>> k.png"})
    CHECK(contains(seen.out, id));
  CHECK(talk.client.read("out/last.png") == "k");
}

TEST_CASE("wrong_choices_are_told_and_asked_again") {
  Conversation talk;
  talk.files.files = {{"img/a.png", "a"}};
  const Outcome seen = talk.have(
      "7\n\n1\nvideo\n1\nimg\n0\n2\ndownload x\nupload\nuploadx\nupload no/such file\nq\n");
  CHECK(contains(seen.out, "当前功能ID或功能不存在!请确认功能ID或功能!\n"));
  CHECK(contains(seen.out, "当前无文件!\n"));
  CHECK(contains(seen.out, "当前文件编号:>>>> 0 不存在!\n"));
  CHECK(contains(seen.out, "请输入上传命令 :>>>> 上传命令的格式为 :>>>> upload 文件路径"));
  CHECK(contains(seen.out, "当前文件路径不存在!\n"));
  CHECK(seen.err == "");
  CHECK(seen.succeeded());
}

TEST_CASE("the_end_of_input_ends_politely_at_every_question") {
  for (const char* input :
       {"", "1\n", "1\nimg\n", "1\nimg\n0000\n", "1\nimg\n0000\nout\n", "2\n"}) {
    Conversation talk;
    talk.files.files = {{"img/a.png", "a"}};
    const Outcome seen = talk.have(input);
    INFO(input);
    CHECK(seen.succeeded());
    CHECK(seen.err == "");
    CHECK(seen.out.substr(seen.out.size() - 7) == ":>>>> \n");
  }
}

TEST_CASE("paths_may_hold_spaces_quotes_and_chinese") {
  Conversation talk;
  for (const char* name : {"a b.png", "完美世界 清漪 同人.jpg", "it's \"it\".mp4"})
    talk.client.write(name, name);
  const Outcome seen = talk.have(
      "2\nupload a b.png\n2\nupload '完美世界 清漪 同人.jpg'\n2\nupload it's \"it\".mp4\n"
      "2\nupload a\\ b.png\nq\n");
  CHECK(talk.files.files["img/a b.png"] == "a b.png");
  CHECK(talk.files.files["img/完美世界 清漪 同人.jpg"] == "完美世界 清漪 同人.jpg");
  CHECK(talk.files.files["video/it's \"it\".mp4"] == "it's \"it\".mp4");
  CHECK(talk.files.files.size() == 3);
  CHECK(seen.succeeded());
}

TEST_CASE("a_name_without_an_extension_gets_none") {
  Conversation talk;
  talk.files.files = {{"file/README", "read"}};
  talk.have("1\n\n0000\n.\nmine\nq\n");
  CHECK(talk.client.read("mine") == "read");
}

TEST_CASE("a_damaged_download_stores_nothing") {
  for (const bool version_2 : {true, false}) {
    Conversation talk(version_2);
    talk.files.files = {{"img/a.png", "a"}};
    ftp_test::PlayedServer server([&](Talk& call) {
      const Heard list = call.receive();
      call.send(ftp::course::header_for(list.header.command, "a.png"), "a.png");
      const Heard download = call.receive();
      call.send(ftp::course::header_for(download.header.command, "right"), "wrong");
      keeper_of(talk.files)(call);
    });
    const Outcome seen =
        talk.client.run(server.port(), {}, "1\nimg\n0000\nout\na\n1\nimg\n0000\nout\na\nq\n");
    CHECK(contains(seen.out, "数据在途中损坏"));
    CHECK(seen.succeeded());  // and the conversation goes on
    CHECK(talk.client.all() == std::vector<std::string>{"out/a.png"});
    CHECK(talk.client.read("out/a.png") == "a");
  }
}

TEST_CASE("an_error_without_a_digest_is_told_as_the_servers_words") {
  for (const bool version_2 : {true, false}) {
    Conversation talk(version_2);
    talk.files.files = {{"img/a.png", "a"}};
    const PlayedServer server([&](Talk& call) {
      const Heard list = call.receive();
      call.send(ftp::course::header_for(list.header.command, "b.png"), "b.png");
      keeper_of(talk.files)(call);
    });
    const Outcome seen = talk.client.run(server.port(), {}, "1\nimg\n0000\nout\na\nq\n");
    CHECK(contains(seen.out, "服务端回复 :>>>> 没有这个文件\n"));
    CHECK(seen.succeeded());
    CHECK(talk.client.all().empty());
  }
}

TEST_CASE("a_lost_connection_is_one_line_on_standard_error") {
  const ClientRun client;
  const PlayedServer server([](Talk& call) { call.receive(); });
  const Outcome seen = client.run(server.port(), {}, "1\nimg\n");
  CHECK(seen.ending.exit_code == 1);
  CHECK(is_one_line(seen.err));
  CHECK(contains(seen.err, "连接已断开"));
}

TEST_CASE("a_name_that_leads_out_of_the_folder_is_refused_by_the_menu") {
  const ClientRun client;
  const PlayedServer server([](Talk& call) {
    const std::string names = "a./../../evil,\x1b[31mred.png";
    call.send(ftp::course::header_for(call.receive().header.command, names), names);
    call.receive();
  });
  const Outcome seen = client.run(server.port(), {}, "1\nimg\n0000\nq\n");
  CHECK(contains(seen.out, "这不能作为文件名"));
  CHECK(contains(seen.out, "\\x1b[31mred.png"));
  CHECK_FALSE(contains(seen.out, "\x1b"));
  CHECK(client.all().empty());
}

TEST_CASE("a_prompt_is_there_before_its_answer") {
  Files files;
  const PlayedServer server(keeper_of(files));
  const ClientRun client;
  int input[2];
  int output[2];
  REQUIRE(::pipe2(input, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(output, O_CLOEXEC) == 0);
  const FileDescriptor answers(input[1]);
  const FileDescriptor prompts(output[0]);
  Command command = client.command(server.port(), {});
  command.descriptors = {{0, input[0]}, {1, output[1]}};
  Child child(command);
  ::close(input[0]);
  ::close(output[1]);
  std::string seen;
  char piece[4096];
  while (!contains(seen, "请选择功能 :>>>> ")) {
    const ssize_t count = ::read(prompts.get(), piece, sizeof piece);
    REQUIRE(count > 0);
    seen.append(piece, static_cast<std::size_t>(count));
  }
  REQUIRE(::write(answers.get(), "q\n", 2) == 2);
  const auto ending = child.wait_for(std::chrono::seconds(20));
  CHECK((ending && ending->exit_code == 0));
}
