#include "scenarios.hpp"

#include <algorithm>
#include <array>

#include "language.hpp"

namespace tracing {
namespace {

constexpr Scenario all[] = {
    {"call", "a plain call over a long wire: 20 ms each way",
     "一次普通的通话，线路很长：单程 20 毫秒",
     "Three segments open the line. The client may speak after one round trip (40 ms), and its "
     "words take half a round trip more to arrive. Then each end says its sentence and ends its "
     "direction with a FIN; the end that sends the first FIN waits in TIME-WAIT afterwards. In "
     "practice `ss -tni` shows the round-trip time (rtt) of every connection. RFC 9293, sections "
     "3.5 and 3.6.",
     "三个报文段接通线路。过了一个往返（40 毫秒），客户端才能开口，它的话再过半个往返才到。随后双"
     "方各说一句，各用一个 FIN 结束自己的方向；先发 FIN 的一端最后要在 TIME-WAIT 里等一阵。平时可"
     "用 ss -tni 查看每个连接的往返时间（rtt）。见 RFC 9293 第 3.5、3.6 节。"},
    {"refused", "nobody listens on that port: RST", "那个端口没有人监听：RST",
     "The server's machine is there, but no program listens on the port, so its kernel answers the "
     "SYN with a RST at once; connect() fails with ECONNREFUSED. Were there silence instead, the "
     "machine would be gone, or a firewall would swallow the SYN. In practice `ss -ltn` on the "
     "server's machine shows which ports are listened on. RFC 9293, section 3.5.2.",
     "服务端的机器在，但没有程序监听这个端口，所以它的内核立刻用 RST 回答 SYN，connect() 以"
     " ECONNREFUSED 失败。如果是一片沉默，那多半是机器不在，或者防火墙吞掉了 SYN。平时可在服务端的"
     "机器上用 ss -ltn 查看哪些端口有人监听。见 RFC 9293 第 3.5.2 节。"},
    {"half-open", "the client vanishes after its SYN: the third step never comes",
     "客户端发出 SYN 就消失了：第三步一直没有来",
     "The server agrees and waits in SYN-RECEIVED, but the client's machine is gone. It repeats "
     "its SYN-ACK after 1 s, then after 2 s, then after twice as long each time, and at last "
     "forgets the call. (Here it may repeat it twice; Linux usually does 5 times, which takes a "
     "minute: net.ipv4.tcp_synack_retries.) Many such calls at once, their senders forged, are a "
     "SYN flood. In practice `ss -tn state syn-recv` shows them. RFC 4987, section 2.2.",
     "服务端同意了，在 SYN-RECEIVED 里等着，但客户端的机器已经不在。它在 1 秒后重发 SYN-ACK，再过"
     " 2 秒又发一次，以后每次间隔加倍，最后放弃这次呼叫。（这里只许重发两次；Linux 默认重发 5 次，"
     "要一分钟左右，见 net.ipv4.tcp_synack_retries。）如果有人伪造来源，同时发来大量这样的呼叫，那"
     "就是 SYN 洪泛。平时可用 ss -tn state syn-recv 查看。见 RFC 4987 第 2.2 节。"},
    {"syn-lost", "the first SYN is lost: a second of silence", "第一个 SYN 丢了：沉默一秒",
     "The server has heard nothing, and the client cannot know that. It has never measured a round "
     "trip to this server, so it waits for 1 s and then sends the same SYN with the same sequence "
     "number; from there on the call goes as usual. In practice a connect() that takes a second "
     "too long is the sign, and `nstat -az TcpExtTCPSynRetrans` counts. RFC 6298, section 2.",
     "服务端什么也没听见，客户端却无从知道。它还没有测过与对方的往返时间，只好等 1 秒，再发同一个 "
     "SYN，序号也一样；此后一切照常。平时如果 connect() 恰好多花了一秒，多半就是这个原因；nstat "
     "-az TcpExtTCPSynRetrans 给出次数。见 RFC 6298 第 2 节。"},
    {"syn-ack-lost", "the answer to the SYN is lost", "对 SYN 的回答丢了",
     "The server has agreed and waits in SYN-RECEIVED; to the client it looks just as if its SYN "
     "were lost. Both have a timer of 1 s: the client says its SYN again, the server its SYN-ACK, "
     "each with the number that it chose before, so what comes twice does no harm. That is why "
     "marks are acknowledged: one that is not is said again. In practice it looks like a lost SYN "
     "to the client; the server's `ss -tn state syn-recv` tells them apart. RFC 9293, sections 3.5 "
     "and 3.8.1.",
     "服务端已经同意，在 SYN-RECEIVED 里等着；在客户端看来，这和 SYN 丢了没有两样。双方各有一个 1 "
     "秒的定时器：客户端再发 SYN，服务端再发 SYN-ACK，序号都是原先选定的，所以收到两遍也不要紧。标"
     "识要得到确认，道理就在这里：没有得到确认，就再说一遍。平时只看客户端分不清丢的是哪一个，在服"
     "务端用 ss -tn state syn-recv 就能分清。见 RFC 9293 第 3.5、3.8.1 节。"},
    {"rst", "the server breaks the call off in mid-sentence", "服务端话说到一半就断开",
     "The server says half of its sentence and closes its socket while the client's words lie in "
     "it unread. They were acknowledged, and yet no program will see them, so the kernel does not "
     "end in order: it sends a RST, and both ends forget the call at once, without TIME-WAIT. The "
     "client's next recv() or send() fails with ECONNRESET. A program that dies with words unread, "
     "or sets SO_LINGER to 0 s before it closes, looks the same; reading on until the other end "
     "hangs up avoids it. RFC 9293, section 3.6.1.",
     "服务端只说了半句就关闭套接字，而客户端的话还在里面没有读。这些话已经确认收到，却不会有程序看"
     "到了，所以内核不按正常方式结束：它发出 RST，双方立刻忘掉这次通话，也没有 TIME-WAIT。客户端接"
     "下来的 recv() 或 send() 以 ECONNRESET 失败。程序没读完就退出，或者关闭前把 SO_LINGER 设为 0 "
     "秒，看起来也是这样；一直读到对方挂断再关闭，就能避免。见 RFC 9293 第 3.6.1 节。"},
    {"simultaneous-close", "both hang up at the same moment: the FINs cross on the wire",
     "双方同时挂断：两个 FIN 在线路上交错而过",
     "Each end sends its FIN before the other's has arrived. In FIN-WAIT-1 it expects an "
     "acknowledgement and gets a FIN instead: it goes to CLOSING, and to TIME-WAIT when its own "
     "FIN is acknowledged. So here both ends wait there, not only one. In practice CLOSING lasts "
     "no longer than one trip over the wire, and `ss -tan state closing` hardly ever catches it. "
     "RFC 9293, section 3.6, figure 13.",
     "双方都在收到对方的 FIN 之前发出了自己的 FIN。它们在 FIN-WAIT-1 里等的是确认，来的却是 FIN，"
     "于是进入 CLOSING；等自己的 FIN 得到确认，再进入 TIME-WAIT。所以这里两端都要等，而不是只有一"
     "端。平时 CLOSING 只持续一个单程，用 ss -tan state closing 很难碰上。见 RFC 9293 第 3.6 节图 "
     "13。"},
    {"slow-close", "the client has finished, the server goes on speaking for a second",
     "客户端说完了，服务端又接着说了一秒",
     "A FIN ends one direction only. The client has finished speaking (shutdown) and listens on in "
     "FIN-WAIT-2; the server is in CLOSE-WAIT, still sends data, and sends its own FIN when it is "
     "ready. A program that reads to the end and then never closes stays in CLOSE-WAIT for ever: "
     "many lines of `ss -tan state close-wait` are such a leak. RFC 9293, section 3.6.1, on "
     "half-closed connections.",
     "一个 FIN 只结束一个方向。客户端说完了（shutdown），在 FIN-WAIT-2 里继续听；服务端处在 "
     "CLOSE-WAIT，仍然可以发送数据，说完才发自己的 FIN。程序读到了结尾却一直不关闭，就会永远停在 "
     "CLOSE-WAIT：如果 ss -tan state close-wait 列出许多行，就是这样的泄漏。半关闭的连接见 RFC "
     "9293 第 3.6.1 节。"},
    {"backlog-full", "the server does not answer, and its queue is full: SYNs go unheard",
     "服务端不接听，队列又满了：SYN 没有回音",
     "A line that stands waits in the listener's queue until accept() takes it. The queue here has "
     "room for one, and the first client is in it: the second client's SYN arrives and is dropped "
     "without a word, in the hope that there is room when it is repeated. At last the server "
     "answers the first client, and the next SYN succeeds. In practice `ss -ltn` shows a Recv-Q "
     "above Send-Q, and `nstat -az TcpExtListenOverflows` counts. See listen(2).",
     "接通的连接先在监听者的队列里等，直到 accept() 把它取走。这里的队列只容得下一个，已被第一个客"
     "户端占了：第二个客户端的 SYN 到了，却被悄悄丢掉，指望它重发时已有空位。服务端终于接听了第一"
     "个客户端，于是下一个 SYN 成功了。平时可以看 ss -ltn 里 Recv-Q 是否超过 Send-Q；nstat -az "
     "TcpExtListenOverflows 给出次数。见 listen(2)。",
     2},
};

}  // namespace

std::string Scenario::title() const {
  return dialtone::tr(title_english, title_chinese);
}

std::string Scenario::explanation() const {
  return dialtone::tr(explanation_english, explanation_chinese);
}

std::span<const Scenario> scenarios() {
  return all;
}

const Scenario* find_scenario(std::string_view name) {
  const auto* found = std::find_if(std::begin(all), std::end(all),
                                   [name](const Scenario& s) { return s.name == name; });
  return found == std::end(all) ? nullptr : found;
}

}  // namespace tracing
