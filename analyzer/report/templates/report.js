(function () {
  "use strict";
  // Only a comfort: without this the titles of the marks and the tables under each chart say the same.
  var tip = document.getElementById("tip");
  function say(mark, plot) {
    Array.prototype.forEach.call(plot.querySelectorAll(".pt.on"), function (m) { m.classList.remove("on"); });
    if (!mark) { tip.hidden = true; return; }
    mark.classList.add("on");
    tip.textContent = mark.getAttribute("data-t");
    tip.hidden = false;
    var at = mark.getBoundingClientRect(), w = tip.offsetWidth, h = tip.offsetHeight;
    var x = Math.min(Math.max(4, at.left + at.width / 2 - w / 2), document.documentElement.clientWidth - w - 4);
    var y = at.top - h - 8;
    if (y < 4 || at.height > window.innerHeight / 2) { y = Math.max(4, plot.getBoundingClientRect().top + 4); }
    tip.style.transform = "translate(" + Math.round(x) + "px," + Math.round(y) + "px)";
  }
  Array.prototype.forEach.call(document.querySelectorAll(".plot"), function (plot) {
    var marks = Array.prototype.slice.call(plot.querySelectorAll(".pt")), now = -1;
    if (!marks.length) { return; }
    marks.forEach(function (m) {
      var t = m.querySelector("title");
      m.setAttribute("data-t", t.textContent);
      m.removeChild(t);
    });
    marks.sort(function (a, b) { return a.x.baseVal.value - b.x.baseVal.value || a.y.baseVal.value - b.y.baseVal.value; });
    plot.tabIndex = 0;
    plot.setAttribute("aria-roledescription", "chart; arrow keys read its numbers");
    plot.addEventListener("mouseover", function (e) { say(e.target.classList.contains("pt") ? e.target : null, plot); });
    plot.addEventListener("mouseleave", function () { say(null, plot); });
    plot.addEventListener("blur", function () { now = -1; say(null, plot); });
    plot.addEventListener("keydown", function (e) {
      var step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
      if (e.key === "Escape") { now = -1; say(null, plot); return; }
      if (e.key === "Home") { now = 0; } else if (e.key === "End") { now = marks.length - 1; }
      else if (step) { now = Math.min(marks.length - 1, Math.max(0, now + step)); } else { return; }
      e.preventDefault();
      say(marks[now], plot);
    });
  });
  window.addEventListener("beforeprint", function () { tip.hidden = true; });
})();
