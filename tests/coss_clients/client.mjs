// A client of the COSS interface, written from the manual alone, with Node's own modules.
// node client.mjs BASE APP_ID SECRET USER_ID SEAL_TYPE PDF KEY_PEM OUT STYLE APP_NAME
// STYLE compact; trailing adds an & at the end, empty keeps empty values.
import { createHmac, createSign } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const [base, appId, secret, userId, sealType, pdf, key, out, style, appName] = process.argv.slice(2);
const common = { appId, version: "2.0.7", signAlgo: "HMACSHA256" };

function signed(body) {
  const text = Object.keys(body)
    .sort()
    .filter((name) => style === "empty" || (body[name] !== "" && body[name] !== null))
    .map((name) => `${name}=${typeof body[name] === "object" ? JSON.stringify(body[name]) : body[name]}`)
    .join("&");
  const mac = createHmac("sha256", secret).update(text + (style === "trailing" ? "&" : ""));
  return { ...body, signature: mac.digest("base64") };
}

async function post(name, fields) {
  const body = JSON.stringify(signed({ ...common, ...fields }));
  const headers = { "Content-Type": "application/json" };
  const answer = await (await fetch(base + name, { method: "POST", headers, body })).json();
  if (answer.status !== 200) throw new Error(`${name}: ${JSON.stringify(answer)}`);
  return answer.data;
}

function sign(data) {
  if (sealType.endsWith("SM2")) {
    const [program, ...rest] = process.env.SM2_SIGNER.split(" ");
    return execFileSync(program, rest, { input: data }).toString("base64");
  }
  const options = { key: readFileSync(key), dsaEncoding: "ieee-p1363" }; // raw r and s for ECDSA
  return createSign("sha256").update(data).sign(options, "base64");
}

const prepared = await post("getPdfHash", {
  userId,
  signSealType: sealType,
  pdfFileStr: readFileSync(pdf).toString("base64"),
  configureSealInfo: { signType: "个人签章", signProvince: "北京", signName: "张浩" },
  coordOfRuleInfo: { top: "300", right: "600", bottom: "200", left: "350", pageNo: "1" },
  appName,
  department: "",
  signWidth: 150,
  signHeight: 120.5,
  coverTextOfEffect: false,
});
const data = await post("composePdfSeal", {
  userId,
  signSealType: sealType,
  signValue: sign(Buffer.from(prepared.hashSetBytes, "base64")),
  pdfBytesStr: prepared.pdfBytes,
  hashSetBytesStr: prepared.hashSetBytes,
});
writeFileSync(out, Buffer.from(data, "base64"));
console.log(JSON.stringify({ status: 200, data: await post("verifyPdfSeal", { pdfFileStr: data }) }));
