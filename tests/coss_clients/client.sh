#!/bin/sh
# A client of the COSS interface, written from the manual alone, with curl, openssl and sed.
# sh client.sh BASE APP_ID SECRET USER_ID SEAL_TYPE PDF KEY_PEM OUT STYLE APP_NAME
set -eu
base=$1 app=$2 secret=$3 user=$4 type=$5 pdf=$6 key=$7 out=$8 name=${10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
hmac() { openssl dgst -sha256 -hmac "$secret" -binary | base64 -w0; }
post() { curl -sS -H 'Content-Type: application/json' --data-binary @- "$base$1"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
sign() {
  case $type in
    *SM2) $SM2_SIGNER ;;
    *) openssl dgst -sha256 -sign "$key" ;;
  esac | base64 -w0
}
base64 -w0 "$pdf" >"$work/pdf"
info='{"signType":"个人签章","signProvince":"北京","signName":"张浩"}'
place='{"top":300,"right":600,"bottom":200,"left":350,"pageNo":1}'
{
  printf 'appId=%s&appName=%s&configureSealInfo=%s&coordOfRuleInfo=%s&pdfFileStr=' "$app" "$name" "$info" "$place"
  cat "$work/pdf"
  printf '&signAlgo=HMAC&signSealType=%s&userId=%s&version=1.0' "$type" "$user"
} | hmac >"$work/signature"
{
  printf '{"version":"1.0","appId":"%s","signAlgo":"HMAC","userId":"%s","signSealType":"%s",' "$app" "$user" "$type"
  printf '"configureSealInfo":%s,"coordOfRuleInfo":%s,"appName":"%s","pdfFileStr":"' "$info" "$place" "$name"
  cat "$work/pdf"
  printf '","signature":"%s"}' "$(cat "$work/signature")"
} | post getPdfHash >"$work/prepared"
field hashSetBytes <"$work/prepared" >"$work/tbs"
field pdfBytes <"$work/prepared" | tr -d '\n' >"$work/prepared.b64"
value=$(base64 -d "$work/tbs" | sign)
tbs=$(cat "$work/tbs")
{
  printf 'appId=%s&hashSetBytesStr=%s&pdfBytesStr=' "$app" "$tbs"
  cat "$work/prepared.b64"
  printf '&signAlgo=HMAC&signValue=%s&userId=%s&version=1.0' "$value" "$user"
} | hmac >"$work/signature"
{
  printf '{"version":"1.0","appId":"%s","signAlgo":"HMAC","userId":"%s","signValue":"%s",' "$app" "$user" "$value"
  printf '"hashSetBytesStr":"%s","pdfBytesStr":"' "$tbs"
  cat "$work/prepared.b64"
  printf '","signature":"%s"}' "$(cat "$work/signature")"
} | post composePdfSeal >"$work/sealed"
field data <"$work/sealed" | base64 -d >"$out"
base64 -w0 "$out" >"$work/pdf"
{ printf 'appId=%s&pdfFileStr=' "$app"; cat "$work/pdf"; printf '&signAlgo=HMAC&version=1.0'; } | hmac >"$work/signature"
{
  printf '{"version":"1.0","appId":"%s","signAlgo":"HMAC","pdfFileStr":"' "$app"
  cat "$work/pdf"
  printf '","signature":"%s"}' "$(cat "$work/signature")"
} | post verifyPdfSeal
