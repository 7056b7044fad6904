#!/bin/bash
# A stand-in for lamp, where that is not installed: nobody has it as a package. It sends what lamp 3.2.0 was seen to send.
set -eu
while IFS== read -r key value; do declare "conf_$key=$value"; done <"$LAMP_CONF_PATH"
command=$1
shift
declare -A said=()
detail=''
while [ $# -gt 0 ]; do
  case $1 in
    --pretty | --enabled) shift ;;
    -D) detail="\"${2%%=*}\":\"${2#*=}\"" && shift 2 ;;
    --*) said[${1#--}]=$2 && shift 2 ;;
    *) echo "there is no $1" >&2 && exit 2 ;;
  esac
done
hub=http://$conf_apiUrl
send() { # method, path, body
  curl -sS --fail -X "$1" -H "Authorization: GenieKey $conf_apiKey" -H "User-Agent: opsgenie-go-sdk-2.0.0 go1.26.8 (linux/amd64)" \
    ${3:+-H "Content-Type: application/json; charset=utf-8" -d "$3"} "$hub$2"
}
one=/v2/alerts/${said[id]-} by="identifierType=${said[identifier]-id}"
move() { # what, more
  send POST "$one/$1?$by" "{\"IdentifierType\":1,\"IdentifierValue\":\"${said[id]}\",\"user\":\"${said[user]-}\",\"note\":\"${said[note]-}\"}"
}
case $command in
  createAlert)
    send POST /v2/alerts "{\"message\":\"${said[message]}\",\"alias\":\"${said[alias]}\",\"priority\":\"${said[priority]}\",\"tags\":[\"${said[tags]//,/\",\"}\"],
      \"responders\":[{\"type\":\"team\",\"name\":\"${said[teams]}\",\"username\":\"${said[teams]}\"}],\"details\":{$detail}}" ;;
  addNote) move notes ;;
  acknowledge) move acknowledge ;;
  closeAlert) move close ;;
  getAlert) send GET "$one?$by" ;;
  listAlertLogs) send GET "$one/logs?$by" ;;
  listAlerts) send GET "/v2/alerts?query=$(sed 's/ /+/g; s/:/%3A/g' <<<"${said[query]}")" ;;
  createHeartbeat) send POST /v2/heartbeats "{\"name\":\"${said[name]}\",\"interval\":${said[interval]},\"intervalUnit\":\"hours\",\"enabled\":true}" ;;
  pingHeartbeat) send GET "/v2/heartbeats/${said[name]}/ping" ;;
  *) echo "there is no command $command" >&2 && exit 2 ;;
esac
echo "INFO : $command"
