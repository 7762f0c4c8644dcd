// Rules for Clef: what a miner's daemon may have signed without a person (docs/wallets.md). Fill in MARKET and COURT,
// then attest the file. Registering stays a question at Clef's terminal; all else is rejected.
var MARKET = "0x0000000000000000000000000000000000000000";
var COURT = "0x0000000000000000000000000000000000000001";
// That a transaction's gas may cost: at least the daemon's max_result_fee_gwei, here 500, times 1,875,000 gas.
var MOST_WEI = 1e18;

// What a miner says of itself and its deals. A Quote is a lease's; Release, Request and Acceptance give something up.
var MESSAGES = ["Announcement", "Claim", "Envelope", "Progress", "Rejection"];

// None of them pays anybody but the miner's payout, or takes from its stake but for a deal that is not delivered.
var MARKETS = {
    "0x50258075": "confirmRequest",
    "0x4232bc38": "submitAccepted",
    "0xf0547720": "submitResult",
    "0xb553c3ea": "settle",
    "0xc1430db4": "release",
    "0x4cf1d5dd": "publishOffer",
    "0xd937cf3a": "withdrawOffer",
    "0xe504cab3": "collectEarnings",
    "0xcb4a3c95": "registerResource",
};
// Of courts, reward pools and price models: they pay nobody else either.
var OTHERS = {
    "0x446ac987": "update",
    "0x09833003": "answer",
    "0x40c269b2": "commitSecret",
    "0xf5a28c45": "revealSecret",
    "0xece11836": "recordHash",
    "0x629374ab": "draw",
    "0xff7c47f0": "finish",
    "0x1f88eda3": "advance",
    "0x3c596928": "read",
    "0xe5225381": "collect",
    "0x8d90bdfe": "prepareDraw",
    "0x3b304147": "draw",
    "0x1cc928da": "claim",
    "0x75e07ec0": "appeal",
};
var REGISTER = "0x341ccfcb"; // registerMiner(address)
var STAKE = "0x6374299e"; // addStake(address,uint256)
var DEPOSIT = "0xb6b55f25"; // deposit(uint256)
var TOGETHER = "0x995366a2"; // multicallSkip(bytes[])
var APPROVE = "0x095ea7b3"; // approve(address,uint256)
var WITHDRAW = "0xf3fef3a3"; // withdraw(address,uint256)

function OnSignerStartup(info) {}

function ApproveListing() {
    return "Reject";
}

function ApproveSignData(r) {
    if (r.content_type !== "data/typed" || r.messages.length !== 2) return "Reject";
    var domain = {};
    for (var i = 0; i < r.messages[0].value.length; i++)
        domain[r.messages[0].value[i].name] = r.messages[0].value[i].value;
    var ours = domain.name === "Suanli" && same(domain.verifyingContract, MARKET);
    return ours && MESSAGES.indexOf(r.messages[1].name) >= 0 ? "Approve" : "Reject";
}

function ApproveTx(r) {
    var asked = r.transaction;
    var data = asked.data || asked.input || "0x";
    if (parseInt(asked.value, 16) !== 0) return "Reject";
    if (!(parseInt(asked.gas, 16) * parseInt(asked.maxFeePerGas, 16) <= MOST_WEI)) return "Reject";
    var act = data.slice(0, 10);
    if (act === REGISTER && same(asked.to, MARKET)) return; // a person decides
    return allowed(asked, act, data.slice(10)) ? "Approve" : "Reject";
}

function allowed(asked, act, hex) {
    var party = "0x" + hex.substr(24, 40);
    if (act === "0x") return same(asked.to, asked.from); // takes a lost transaction's place
    if (act === APPROVE) return same(party, MARKET) || same(party, COURT);
    if (act === WITHDRAW) return same(party, asked.from);
    if (act === DEPOSIT) return same(asked.to, MARKET) || same(asked.to, COURT);
    if (OTHERS[act] !== undefined) return true;
    if (!same(asked.to, MARKET)) return false;
    if (act === STAKE) return same(party, asked.from);
    if (act !== TOGETHER) return MARKETS[act] !== undefined;
    var calls = within(hex);
    for (var i = 0; i < calls.length; i++) if (MARKETS[calls[i]] === undefined) return false;
    return calls.length > 0;
}

// The functions that are called together: Clef has checked that the data is a list of calls and nothing more.
function within(hex) {
    var list = word(hex, 0) + 32;
    var found = [];
    for (var i = 0; i < word(hex, list - 32); i++) {
        var at = list + word(hex, list + 32 * i) + 32;
        found.push("0x" + hex.substr(2 * at, 8));
    }
    return found;
}

function word(hex, at) {
    return parseInt(hex.substr(2 * at, 64), 16);
}

function same(one, other) {
    return String(one).toLowerCase() === String(other).toLowerCase();
}
