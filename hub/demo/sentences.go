package demo

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"keng/mobile-gateway/voice/phrase"
	"keng/proto/channel"
)

// Language is the language in which the demo tells its story.
type Language string

// The languages.
const (
	English    Language = "en"
	Vietnamese Language = "vi"
)

// LanguageOf returns the language of an environment: Vietnamese if the first of LC_ALL,
// LC_MESSAGES and LANG that is set begins with "vi", else English.
func LanguageOf(getenv func(string) string) Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			if strings.HasPrefix(value, "vi") {
				return Vietnamese
			}
			return English
		}
	}
	return English
}

// sentences are all that the demo says. The fields of one language take the same
// arguments in the same order as those of the other.
type sentences struct {
	intro   string // console's address, key, website, site, wait before the call
	planted string // what goes wrong, the step that must report it
	faults  map[Fault]string
	next    string // the command that starts the demo

	outage, opened, pushed, rings, answered, heard, pressed, acknowledged string
	returned, closed, log, done                                           string

	help, noInput, isDown, isUp, unknown, ending string

	// Why a step failed.
	interrupted, portTaken, used, notWritable                       string
	noAlert, noPush, pushUnknown, pushOfOther, noRing, noEnd        string
	noAnswer, noMenu, noNumber, otherKeys, noAcknowledge, noDigit   string
	noVisit, stillOpen, manyPushes, manyCalls, hubFailed, agentAway string
}

func (l Language) sentences() sentences {
	if l == Vietnamese {
		return vietnamese()
	}
	return english()
}

func english() sentences {
	return sentences{
		intro: `Kẻng demo. Everything below happens on this machine, over the real protocols.
  console   http://%s/
  API key   %s   (to sign in with)
  website   %s   (watched by an agent at site %s)
  on call   Nguyễn Văn An: a push at once, a call after %.0f s; after a minute his manager
`,
		planted: "  planted   %s: step %q must report it\n",
		faults: map[Fault]string{
			NoPush: "the FCM server refuses the push", NoAnswer: "nobody picks up the phone",
			StaysDown: "the website never comes back", NoRecovery: "the website comes back, but the hub is not told",
		},
		next: `
Try next:
  take the website down yourself, and open the console    %[1]s
  see a failure reported (or no-push, stays-down, ...)    %[1]s --fault no-answer
  set up a hub, an agent and a phone of your own          deploy/docs/first-steps.md
`,
		outage:       "The website %s goes down.",
		opened:       "The agent has seen it and told the hub. Alert #%s is open: %s %s",
		pushed:       "The phone of Nguyễn Văn An shows a push: %s. He sleeps.",
		rings:        "His phone rings.",
		answered:     "He picks up.",
		heard:        "He hears, in Vietnamese: “%s”",
		pressed:      "He presses 1 and hears: “%s” (the call took %.1f s)",
		acknowledged: "Alert #%s is acknowledged. His manager will not be woken.",
		returned:     "The website is brought back.",
		closed:       "The agent has seen it and told the hub. Alert #%s is closed.",
		log:          "What the alert's log says:",
		done:         "Done: detected, pushed, called, acknowledged, recovered, closed.",

		help:    "Type `down` to take the website down, `up` to bring it back, `quit` (or Ctrl-C) to end.",
		noInput: "There is no more input; Ctrl-C ends the demo.",
		isDown:  "The website is down.", isUp: "The website is up.", unknown: "Type down, up or quit.",
		ending: "The demo ends. A call that is under way is brought to its end first; Ctrl-C once more ends at once.",

		interrupted:   "interrupted",
		portTaken:     "%w. Another program uses that port: name a free one with --http, or let one be chosen: --http 127.0.0.1:0",
		used:          "the directory %s is not empty, and the demo always starts afresh: name another one with --data-dir, or remove it",
		notWritable:   "cannot use the directory of --data-dir: %w",
		noAlert:       "the hub has opened no alert about it",
		noPush:        "the FCM server has not taken the push",
		pushUnknown:   "the trace says that the push was accepted, the FCM server has none",
		pushOfOther:   "the push was about alert %q, not %s",
		noRing:        "the phone has not rung",
		noEnd:         "the call has not come to an end",
		noAnswer:      "the phone rang and nobody picked it up",
		noMenu:        "the person was not asked to press 1; heard was: %s",
		noNumber:      "the person did not hear the alert's number %s; heard was: %s",
		otherKeys:     "the keys pressed were %q",
		noAcknowledge: "the alert has not been acknowledged",
		noDigit:       "the trace of the call does not end with the digit",
		noVisit:       "the website has not answered anybody",
		stillOpen:     "the alert is open still, though the website answers",
		manyPushes:    "%d pushes have arrived, not 1",
		manyCalls:     "the phone has rung %d times, not once",
		hubFailed:     "a part of the hub has failed: %w",
		agentAway:     "the agent has not visited the website",
	}
}

func vietnamese() sentences {
	return sentences{
		intro: `Bản trình diễn của Kẻng. Mọi việc dưới đây diễn ra trên chính máy này, qua các giao thức thật.
  bảng điều khiển   http://%s/
  khoá API          %s   (dùng để đăng nhập)
  trang web         %s   (được agent tại %s theo dõi)
  người trực        Nguyễn Văn An: thông báo đẩy ngay lập tức, gọi điện sau %.0f giây; sau một phút thì báo quản lý
`,
		planted: "  lỗi giả lập       %s: bước %q phải báo lỗi này\n",
		faults: map[Fault]string{
			NoPush: "máy chủ FCM từ chối thông báo đẩy", NoAnswer: "không ai nhấc máy",
			StaysDown: "trang web không bao giờ hoạt động lại", NoRecovery: "trang web hoạt động lại nhưng hub không được báo",
		},
		next: `
Thử tiếp:
  tự tay tắt trang web, và mở bảng điều khiển             %[1]s
  xem lỗi được báo ra sao (hoặc no-push, stays-down, …)   %[1]s --fault no-answer
  tự dựng hub, agent và điện thoại của bạn                deploy/docs/first-steps.md
`,
		outage:       "Trang web %s ngừng hoạt động.",
		opened:       "Agent đã phát hiện và báo cho hub. Cảnh báo #%s được mở: %s %s",
		pushed:       "Điện thoại của Nguyễn Văn An hiện thông báo đẩy: %s. Anh đang ngủ.",
		rings:        "Điện thoại của anh đổ chuông.",
		answered:     "Anh nhấc máy.",
		heard:        "Anh nghe: “%s”",
		pressed:      "Anh bấm phím 1 và nghe: “%s” (cuộc gọi dài %.1f giây)",
		acknowledged: "Cảnh báo #%s đã được tiếp nhận. Quản lý của anh sẽ không bị đánh thức.",
		returned:     "Trang web được khôi phục.",
		closed:       "Agent đã thấy và báo cho hub. Cảnh báo #%s đã đóng.",
		log:          "Nhật ký của cảnh báo (hub ghi bằng tiếng Anh):",
		done:         "Xong: đã phát hiện, gửi thông báo đẩy, gọi điện, tiếp nhận, khôi phục, đóng cảnh báo.",

		help:    "Gõ `down` để tắt trang web, `up` để bật lại, `quit` (hoặc Ctrl-C) để kết thúc.",
		noInput: "Không còn dữ liệu nhập; nhấn Ctrl-C để kết thúc.",
		isDown:  "Trang web đã tắt.", isUp: "Trang web đã bật.", unknown: "Hãy gõ down, up hoặc quit.",
		ending: "Bản trình diễn kết thúc. Nếu đang có cuộc gọi thì chờ gọi xong; nhấn Ctrl-C lần nữa để dừng ngay.",

		interrupted:   "bị người dùng ngắt",
		portTaken:     "%w. Cổng này đang được chương trình khác dùng: hãy chọn cổng khác bằng --http, hoặc để máy tự chọn: --http 127.0.0.1:0",
		used:          "thư mục %s không trống, mà lần trình diễn nào cũng bắt đầu từ đầu: hãy chọn thư mục khác bằng --data-dir, hoặc xoá thư mục này",
		notWritable:   "không dùng được thư mục của --data-dir: %w",
		noAlert:       "hub không mở cảnh báo nào về việc này",
		noPush:        "máy chủ FCM không nhận thông báo đẩy",
		pushUnknown:   "hub ghi rằng thông báo đẩy đã được nhận, nhưng máy chủ FCM không có",
		pushOfOther:   "thông báo đẩy nói về cảnh báo %q, không phải %s",
		noRing:        "điện thoại không đổ chuông",
		noEnd:         "cuộc gọi không kết thúc",
		noAnswer:      "điện thoại đổ chuông nhưng không ai nhấc máy",
		noMenu:        "người nghe không được nhắc bấm phím 1; đã nghe: %s",
		noNumber:      "người nghe không nghe thấy số cảnh báo %s; đã nghe: %s",
		otherKeys:     "các phím đã bấm là %q",
		noAcknowledge: "cảnh báo chưa được tiếp nhận",
		noDigit:       "hub không ghi rằng cuộc gọi kết thúc bằng phím bấm",
		noVisit:       "trang web chưa trả lời yêu cầu nào",
		stillOpen:     "cảnh báo vẫn mở, dù trang web đã hoạt động lại",
		manyPushes:    "đã có %d thông báo đẩy, thay vì 1",
		manyCalls:     "điện thoại đã đổ chuông %d lần, thay vì một lần",
		hubFailed:     "một phần của hub bị hỏng: %w",
		agentAway:     "agent chưa truy cập trang web",
	}
}

// spoken returns the words of recorded phrases, such as "vi/press-1", as one reads them.
func spoken(names []string) string {
	var text strings.Builder
	for _, name := range names {
		language, name, _ := strings.Cut(name, "/")
		words := phrase.Text(channel.Language(language), phrase.Name(name))
		if first, _ := utf8.DecodeRuneInString(words); text.Len() > 0 {
			if unicode.IsUpper(first) && !strings.HasSuffix(text.String(), ".") {
				text.WriteByte('.') // a phrase that a digit has ended
			}
			text.WriteByte(' ')
		}
		text.WriteString(words)
	}
	if whole, cut := strings.CutSuffix(text.String(), ","); cut { // before the end of the menu somebody pressed a key
		return whole + "."
	}
	return text.String()
}
