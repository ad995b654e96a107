/** The pairing page: a QR code brings the code behind the address's #; it is filled in and forgotten there. */

const field = document.getElementById("code");
const code = decodeURIComponent(location.hash.slice(1));
if (field instanceof HTMLInputElement && /^[0-9A-Za-z-]{8,9}$/.test(code)) {
  history.replaceState(null, "", location.pathname + location.search);
  field.value = code;
  field.form?.querySelector("button")?.focus();
}
